"""Word documents: paragraphs are translated wherever they stand; styles, pictures, fields and layout stay."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from mt.errors import DataError, ExtraError
from mt.extras.formats import Options, Translate, Unit, translate_units

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BREAKS = frozenset(f"{W}{name}" for name in ("tab", "br", "cr", "ptab"))   # the text goes on elsewhere
LOOKS = frozenset(f"{W}{name}" for name in ("lang", "noProof"))            # of a run that nobody sees
SPACE = "{http://www.w3.org/XML/1998/namespace}space"

Element = Any               # lxml's, which has no types
Stretch = list[Element]     # w:t elements in a row that look alike: Word cuts text anywhere


def translate_file(content: bytes, translate: Translate, options: Options) -> bytes:
    """The document with its text translated, also in tables, text boxes, heads and feet; unchanged text gives the same bytes."""
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
        from docx.opc.oxml import serialize_part_xml
        from docx.oxml.parser import parse_xml
    except ImportError as error:
        raise ExtraError("Word documents need the package python-docx", fix="pip install 'mt[formats]'") from error
    try:
        document = docx.Document(io.BytesIO(content))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError("not a Word document", fix="save it as .docx") from error
    parts = list(document.part.package.iter_parts())
    notes = {part: parse_xml(part.blob) for part in parts if part.content_type.endswith(("footnotes+xml", "endnotes+xml"))}
    roots = [part.element for part in parts if hasattr(part, "element")]
    lines = [line for root in [*roots, *notes.values()] for paragraph in root.iter(f"{W}p") for line in stretches(paragraph) if line]
    units: list[Unit] = [unit(line) for line in lines]
    results = translate_units(units, translate)
    if results == units:
        return content
    for line, result in zip(lines, results, strict=True):
        for stretch, text in zip(line, result[::2], strict=True):
            write(stretch, text)
    for part, root in notes.items():
        part._blob = serialize_part_xml(root)   # python-docx has no class for notes
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def stretches(paragraph: Element) -> Iterator[list[Stretch]]:
    """The text of a paragraph up to each tab or line break, cut where its looks change."""
    line: list[Stretch] = []
    last = None
    for element in paragraph.iter(f"{W}t", *BREAKS):
        if next(element.iterancestors(f"{W}p")) is not paragraph or element.getparent().tag != f"{W}r":
            continue   # in a text box, which is a paragraph of its own; or a tab stop
        if element.tag in BREAKS:
            yield line
            line, last = [], None
            continue
        if line and looks(element) == last:
            line[-1].append(element)
        else:
            line.append([element])
        last = looks(element)
    yield line


def looks(text: Element) -> tuple[object, ...]:
    """What tells the look of a text from that of its neighbours: what it stands in, and its run's properties."""
    run = text.getparent()
    properties = run.find(f"{W}rPr")
    seen = () if properties is None else properties.iter()
    return (run.getparent(), *((each.tag, *sorted(each.attrib.items())) for each in seen if each.tag not in LOOKS))


def unit(line: list[Stretch]) -> Unit:
    """The texts of a line, and an empty mark at each change of looks."""
    return [part for stretch in line for part in (said(stretch), "")][:-1]


def said(stretch: Stretch) -> str:
    """The text of a stretch."""
    return "".join(element.text or "" for element in stretch)


def write(stretch: Stretch, text: str) -> None:
    """Put another text into the first element of a stretch, nothing into the others."""
    for i, element in enumerate(stretch if text != said(stretch) else []):
        element.text = "" if i else text
        element.set(SPACE, "preserve")
