"""Texts that are hard on tokenizers, drawn with a seed: scripts, emoji, HTML entities, control characters, long texts."""

import html.entities
import random
import unicodedata
from collections.abc import Callable

WORDS = (
    "a photo of the cat dog red sky's can't we'll they're I've he'd it's I'm tennis Zebra MOUNTAIN São café naïve "
    "3D 2024 1,234.5 50% $9.99 e-mail #tag @user C++ rock'n'roll http://a.b/c?d=1&e=2 snow_leopard ANTIDISESTABLISHMENT "
    "street lamp close-up low resolution origami plushie (the toy) [sic] {x} <b>bold</b> 'quoted' \"double\" ... --- !? "
    "supercalifragilisticexpialidocious ﬁne ﬂuﬃest “curly” ‘quotes’ don’t … – — • × ÷ ° ½ № ™ © Å ß ſ İ ı ŉ ǅ"
).split()
SCRIPTS = {
    "latin": (0x00C0, 0x024F),
    "greek": (0x0386, 0x03CE),
    "cyrillic": (0x0400, 0x045F),
    "hebrew": (0x05D0, 0x05EA),
    "arabic": (0x0621, 0x064A),
    "devanagari": (0x0905, 0x0950),
    "thai": (0x0E01, 0x0E3A),
    "georgian": (0x10A0, 0x10FF),
    "kana": (0x3041, 0x30FF),
    "han": (0x4E00, 0x4EFF),
    "hangul": (0xAC00, 0xADFF),
    "jamo": (0x1100, 0x11FF),
    "full width": (0xFF01, 0xFFEE),
    "combining": (0x0300, 0x036F),
    "digits": (0x0660, 0x0669),
    "deseret": (0x10400, 0x1044F),
    "mathematical": (0x1D400, 0x1D4FF),
    "symbols": (0x2100, 0x22FF),
}
EMOJI = (
    "😀 😂 🥰 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 🇯🇵 ❤️ ☕ 🐕‍🦺 1️⃣ 🏴󠁧󠁢󠁷󠁬󠁳󠁿 👨🏿‍🚀 ✈️ 🎉 ⚽ 🫠 ♟️ ©️"
).split()
SPACES = "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2003\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
CONTROLS = "".join(map(chr, [*range(0, 9), *range(0xE, 0x20), 0x7F, 0x200C, 0x200D, 0x200E, 0x202B, 0x206A, 0xFFF9, 0xFFFC, 0xFFFD]))
SPECIAL = ["<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>", "<|ENDOFTEXT|>", "<End_Of_Text>", "</w>", "</s>", "<unk>"]


class Strings:
    """Draws one text of each kind."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, values: list[str] | str, low: int, high: int, between: str = " ") -> str:
        return between.join(self.random.choice(values) for _ in range(self.random.randint(low, high)))

    def character(self, low: int, high: int) -> str:
        while True:
            found = chr(self.random.randint(low, high))
            # Unicode versions differ on what is not assigned yet.
            if unicodedata.category(found) not in ("Cn", "Cs", "Co"):
                return found

    def caption(self) -> str:
        return self.some(WORDS, 1, 14)

    def mixed_case(self) -> str:
        return "".join(self.random.choice((str.upper, str.lower, str.title))(c) for c in self.caption())

    def script(self) -> str:
        low, high = SCRIPTS[self.random.choice(list(SCRIPTS))]
        word = lambda: "".join(self.character(low, high) for _ in range(self.random.randint(1, 9)))
        return " ".join(word() if self.random.random() < 0.8 else self.random.choice(WORDS) for _ in range(self.random.randint(1, 8)))

    def emoji(self) -> str:
        return self.some(EMOJI + WORDS[:12], 1, 8, self.random.choice(("", " ")))

    def entity(self) -> str:
        names = list(html.entities.html5)
        name = self.random.choice(names)
        number = self.random.choice((0, 0x26, 0x41, 0x80, 0x99, 0xA0, 0xE9, 0x3B1, 0x1F600, 0xD800, 0x110000, 0xFFFE, 11, 13))
        return self.random.choice((
            f"&{name}", f"&{name}", "&amp;", "&quot;", "&lt;b&gt;", f"&amp;{name}", f"&amp;amp;{name}", f"&{name.rstrip(';').upper()};",
            f"&{name.rstrip(';')}", f"&{name.rstrip(';')}x", f"&#{number};", f"&#{number}", f"&#x{number:x};", f"&#X{number:X}", "&nosuch;", "&", "&&", "&#;", "&#x;",
        ))

    def html(self) -> str:
        return "".join(self.entity() + self.random.choice(("", " ", "cat", "; ", "<i>")) for _ in range(self.random.randint(1, 6)))

    def spaces(self) -> str:
        return "".join(self.random.choice(WORDS) + self.some(SPACES + CONTROLS, 1, 4, "") for _ in range(self.random.randint(1, 8)))

    def long_text(self) -> str:
        return self.some(WORDS, 290, 310)

    def long_word(self) -> str:
        return self.some("abcdefghijklmnopqrstuvwxyzÀéß'0", 60, 400, "")

    def decomposed(self) -> str:
        return unicodedata.normalize(self.random.choice(("NFD", "NFKD")), self.caption() + " " + self.script())

    def special(self) -> str:
        return self.some(SPECIAL + WORDS[:8] + ["!", "."], 1, 6, self.random.choice(("", " ")))

    def anything(self) -> str:
        return "".join(self.character(1, self.random.choice((0x7F, 0x2FF, 0xFFFF, 0x1FFFF))) for _ in range(self.random.randint(1, 24)))


def texts(count: int, seed: int, keep: Callable[[str], bool]) -> list[str]:
    """`count` different texts that `keep` holds for, the first of them edge cases."""
    drawn = Strings(seed)
    kinds = [drawn.caption] * 4 + [drawn.mixed_case] * 2 + [drawn.script] * 4 + [drawn.emoji] * 2 + [drawn.html] * 3 + [drawn.spaces] * 2
    kinds += [drawn.decomposed] * 2 + [drawn.special, drawn.anything, drawn.anything]
    rare = [drawn.long_text, drawn.long_word]
    found = dict.fromkeys(["", " ", "\n", "a", "A", "!", "'s", "'S", "'ſ", "ΟΔΥΣΣΕΥΣ ΣΑΣ", "İstanbul", "ＦＵＬＬ　ｗｉｄｔｈ", "P&EACUTE;REZ &amp;amp;lt;", "\x1b[31mred\x1b[0m", "e\u0301", "\ufeffbom"])
    while len(found) < count:
        text = drawn.random.choice(rare if len(found) % 40 == 0 else kinds)()
        if keep(text):
            found[text] = None
    return list(found)
