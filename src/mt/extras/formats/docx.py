"""Word documents: paragraphs are translated wherever they stand; styles, pictures, fields and layout stay."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from mt.errors import DataError, ExtraError
from mt.extras.formats import Options, Translate
from mt.extras.formats.units import Unit, translate_units

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
BREAKS = frozenset(f"{W}{name}" for name in ("tab", "br", "cr", "ptab"))   # the text goes on elsewhere
# What stands in the text at its place, which must not get before or behind the words around it.
MARKS = frozenset(
    f"{W}{name}"
    for name in (
        "footnoteReference endnoteReference commentReference commentRangeStart commentRangeEnd drawing pict object sym fldChar".split()
    )
) | {MATHS}
HYPHEN = f"{W}noBreakHyphen"
BOXES = frozenset("4f 50 51 52 53 54 6c 6e 6f 70 71 72 a1 a3 a4 a8 fb fc fd fe".split())   # and ticks, in Wingdings; its arrows stand in sentences
PACKED = 100                # a file of a MiB or more that unpacks to more than so many times its size is no document, but a way to fill the memory
LOOKS = frozenset(f"{W}{name}" for name in ("lang", "noProof"))            # of a run that nobody sees
SPACE = "{http://www.w3.org/XML/1998/namespace}space"

Element = Any               # lxml's, which has no types
Stretch = list[Element]     # w:t elements and hyphens in a row that look alike: Word cuts text anywhere


def translate_file(content: bytes, translate: Translate, options: Options) -> bytes:
    """The document with its text translated, also in tables, text boxes, heads, feet and notes; other files in it stay as they are."""
    try:
        from docx.opc.oxml import serialize_part_xml
    except ImportError as error:
        raise ExtraError("Word documents need the package python-docx", fix="pip install 'mt[formats]'") from error
    roots = texts(content)
    lines = [(name, line) for name, root in roots.items() for paragraph in root.iter(f"{W}p") for line in stretches(paragraph) if line]
    units = [unit(line) for _, line in lines]
    changed = {}
    for (name, line), old, new in zip(lines, units, translate_units(units, translate), strict=True):
        if old != new:
            changed[name] = roots[name]
            for stretch, text in zip(line, new[::2], strict=True):
                write(stretch, text)
    return replaced(content, {name: serialize_part_xml(root) for name, root in changed.items()})


def texts(content: bytes) -> dict[str, Element]:
    """The parts of a document that may have text, by their names; raises DataError where python-docx cannot read them, or should not."""
    import docx
    from docx.oxml.parser import parse_xml

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > PACKED * max(len(content), 2**20):
                raise zipfile.BadZipFile
        parts = docx.Document(io.BytesIO(content)).part.package.iter_parts()
        return {part.partname.lstrip("/"): parse_xml(part.blob) for part in parts if part.content_type.endswith("+xml")}
    except Exception as error:   # zipfile, lxml and python-docx raise a dozen kinds at broken documents
        raise DataError("not a Word document", fix="save it as .docx") from error


def stretches(paragraph: Element) -> Iterator[list[Stretch]]:
    """The text of a paragraph up to each tab, line break or box to tick, cut where its looks change and where something stands in it."""
    line: list[Stretch] = []
    last = None
    for element in paragraph.iter(f"{W}t", HYPHEN, *BREAKS, *MARKS):
        is_text = element.tag not in MARKS
        if next(element.iterancestors(f"{W}p")) is not paragraph or (is_text and element.getparent().tag != f"{W}r"):
            continue   # in a text box, which is a paragraph of its own; or a tab stop
        if element.tag in BREAKS or is_box(element):
            yield line
            line = []
        elif is_text and line and looks(element) == last:
            line[-1].append(element)
        elif is_text:
            line.append([element])
        last = looks(element) if is_text and element.tag not in BREAKS else None
    yield line


def is_box(element: Element) -> bool:
    """Whether it is a box to tick: a sign of Wingdings or a field of a form."""
    is_sign = element.tag == f"{W}sym" and element.get(f"{W}font", "").startswith("Wingdings")
    return (is_sign and element.get(f"{W}char", "")[-2:].lower() in BOXES) or element.find(f"{W}ffData/{W}checkBox") is not None


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
    return "".join("-" if element.tag == HYPHEN else element.text or "" for element in stretch)


def write(stretch: Stretch, text: str) -> None:
    """Put another text into the first element of a stretch, nothing into the others; hyphens become text."""
    for i, element in enumerate(stretch if text != said(stretch) else []):
        element.tag, element.text = f"{W}t", "" if i else text
        element.set(SPACE, "preserve")


def replaced(content: bytes, files: dict[str, bytes]) -> bytes:
    """A zip archive with some of its files replaced; the archive itself where there are none."""
    if not files:
        return content
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(output, "w") as new:
        for info in old.infolist():
            new.writestr(info, files.get(info.filename, old.read(info)))
    return output.getvalue()
