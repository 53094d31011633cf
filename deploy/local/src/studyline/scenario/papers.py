"""Papers of a story: plain PDF files of one page, the same bytes for the same words."""

from collections.abc import Sequence
from typing import Final

MEDIA_TYPE: Final = "application/pdf"
_ESCAPED: Final = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def paper(title: str, lines: Sequence[str] = ()) -> bytes:
    """An A4 page with a title and lines below it (PDF 1.4); letters beyond Latin-1 become question marks."""
    written = "".join(f"({line.translate(_ESCAPED)}) Tj T*\n" for line in lines)
    page = f"BT /F1 18 Tf 60 780 Td ({title.translate(_ESCAPED)}) Tj /F1 11 Tf 16 TL 0 -28 Td\n{written}ET"
    content = page.encode("latin-1", "replace")
    needs = b"<< /Font << /F1 5 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % needs,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places: list[int] = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end
