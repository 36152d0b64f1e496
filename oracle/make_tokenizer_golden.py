"""Writes 2,000 texts, and the token ids that transformers, open_clip and a Unigram tokenizer give for them."""

import gzip
import html
import json
import re
import string
import struct
from pathlib import Path

import ftfy
import open_clip.tokenizer
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import CLIPTokenizerFast

from clip_strings import Strings, texts
from make_vit_golden import ROOT

FOLDER = ROOT / "packages/clip/test/golden/tokenizer"
COUNT = 2000
SEED = 20260101
MOJIBAKE = ["cafÃ© au lait", "sÃ³", "â€œquotedâ€\x9d", "voilÃ le travail", "Ã±andÃº", "doesnâ€™t", "âœ” checked", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚"]


def write_ids(name: str, ids: list[list[int]]) -> None:
    """Unsigned 16-bit numbers, little end first: for each text how many ids, then the ids."""
    numbers = [number for one in ids for number in (len(one), *one)]
    (FOLDER / f"{name}.ids").write_bytes(struct.pack(f"<{len(numbers)}H", *numbers))


def write_gzip(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def clip_merges() -> str:
    """The first line and the merges of open_clip's file that are used; the file has five times as many."""
    lines = gzip.open(open_clip.tokenizer.default_bpe()).read().decode().split("\n")
    return "\n".join(lines[: 49152 - 256 - 2 + 1]) + "\n"


def transformers_tokenizer(merges: str) -> CLIPTokenizerFast:
    units = list(open_clip.tokenizer.bytes_to_unicode().values())
    pairs = [tuple(line.split()) for line in merges.split("\n")[1:-1]]
    names = [*units, *(unit + "</w>" for unit in units), *(a + b for a, b in pairs), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizerFast(vocab={name: i for i, name in enumerate(names)}, merges=pairs)


def siglip_tokenizer() -> Tokenizer:
    """A small Unigram tokenizer with the steps of SigLIP's `tokenizer.json`."""
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Lowercase(),
        normalizers.Replace(Regex("[" + re.escape(string.punctuation) + "]"), ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = UnigramTrainer(vocab_size=400, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    drawn = Strings(7)
    tokenizer.train_from_iterator([drawn.caption() for _ in range(600)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], special_tokens=[("</s>", 1)])
    return tokenizer


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    merges = clip_merges()
    write_gzip(FOLDER / "bpe_simple_vocab_16e6.txt.gz", merges)
    # Text decoded with the wrong encoding is repaired by ftfy; ours leaves it. Such texts are apart.
    sane = texts(COUNT, SEED, lambda text: all(ftfy.fix_encoding(one) == one for one in (text, html.unescape(text))))
    (FOLDER / "texts.json").write_text(json.dumps(sane, ensure_ascii=True, indent=0) + "\n")
    fast = transformers_tokenizer(merges)
    write_ids("transformers", [fast(text).input_ids for text in sane])
    simple = open_clip.tokenizer.SimpleTokenizer()
    write_ids("open-clip", [simple.encode(text) for text in sane])
    canonical = open_clip.tokenizer.get_clean_fn("canonicalize")
    (FOLDER / "canonicalized.json").write_text(json.dumps([canonical(text) for text in sane[:400]], indent=0) + "\n")
    write_ids("open-clip-mojibake", [simple.encode(text) for text in MOJIBAKE])
    (FOLDER / "mojibake.json").write_text(json.dumps(MOJIBAKE, indent=0) + "\n")
    siglip = siglip_tokenizer()
    (FOLDER / "unigram").mkdir(exist_ok=True)
    (FOLDER / "unigram/tokenizer.json").write_text(siglip.to_str() + "\n")
    write_ids("unigram", [siglip.encode(text).ids for text in sane])


if __name__ == "__main__":
    main()
