"""Writes the names of HTML's character references, from Python's own table, as a TypeScript file."""

import html.entities

from make_vit_golden import ROOT

PATH = ROOT / "packages/clip/src/tokenizer/html-names.ts"
WIDTH = 150


def lines(words: list[str]) -> str:
    found = [""]
    for word in words:
        if len(found[-1]) + len(word) + 1 > WIDTH:
            found.append("")
        found[-1] = f"{found[-1]} {word}".strip()
    return "\n".join(found)


def main() -> None:
    names = html.entities.html5
    known = [f"{name[:-1]}:{'+'.join(f'{ord(c):x}' for c in value)}" for name, value in sorted(names.items()) if name.endswith(";")]
    bare = [name for name in sorted(names) if not name.endswith(";")]
    assert all(names[name] == names[f"{name};"] for name in bare)
    PATH.write_text(f'''// Names of HTML's character references, as the HTML standard lists them.

/** `name:code points in hex`, of every reference `&name;`. */
export const HTML_NAMES = `
{lines(known)}
`;

/** Names that also stand without a semicolon. */
export const BARE_HTML_NAMES = `
{lines(bare)}
`;
''')


if __name__ == "__main__":
    main()
