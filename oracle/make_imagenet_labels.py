"""Writes the names of ImageNet-1k's classes, in the order of its classifiers, from timm's copy of WordNet's lemmas."""

import textwrap

from timm.data import ImageNetInfo

from make_vit_golden import ROOT

PATH = ROOT / "packages/vit/src/families/imagenet-labels.ts"


def main() -> None:
    info = ImageNetInfo("imagenet-1k")
    names = [info.index_to_description(index, detailed=False) for index in range(info.num_classes())]
    assert len(names) == 1000
    assert not any(sign in name for name in names for sign in (";", "`", "\\", "\n", "$"))
    lines = "\n".join(textwrap.wrap("; ".join(names), 150, break_on_hyphens=False))
    PATH.write_text(f'''// The classes of ImageNet-1k in the order of its classifiers, by WordNet's lemmas, as transformers' `id2label` has them.

const NAMES = `
{lines}
`;

/** One name a class: its synonyms with commas between them. Two names stand twice, which labels may. */
export const IMAGENET_1K_LABELS: readonly string[] = NAMES.trim().split(/;\\s+/).map((name) => name.replaceAll("\\n", " "));
''')


if __name__ == "__main__":
    main()
