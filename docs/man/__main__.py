"""`make man` writes the man page anew; the package brings the file along."""

from docs.man.page import FILE, text

FILE.write_text(text())
