"""Text of a terminal, with its colours, as SVG: one picture, or frames one after the other.

The background is dark, so it can be read on a light page and on a dark one. Nothing is loaded from
elsewhere, and there is no script. Who wants no movement sees the last frame of a recording.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from xml.sax.saxutils import escape

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

CELL, LINE, EDGE = 8.4, 19, 14
_THEME = TerminalTheme(
    (27, 31, 39),
    (220, 224, 232),
    [
        *((75, 82, 99), (240, 113, 120), (152, 209, 125), (240, 192, 108)),
        *((116, 173, 240), (205, 150, 240), (105, 205, 215), (220, 224, 232)),
    ],
    [
        *((140, 148, 165), (255, 140, 145), (175, 230, 150), (255, 215, 140)),
        *((145, 195, 255), (225, 175, 255), (135, 225, 235), (255, 255, 255)),
    ],
)
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">
<title>{title}</title>
<style>
text {{ font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre;
fill: {foreground}; }}
{styles}
</style>
<rect width="{width:g}" height="{height:g}" rx="8" fill="{background}"/>
"""


def picture(title: str, text: str, columns: int) -> str:
    """Return one picture of what a terminal shows."""
    return recording(title, [(text, 1.0)], columns)


def recording(title: str, frames: Sequence[tuple[str, float]], columns: int) -> str:
    """Return frames, each with the seconds for which it is shown, as one picture that repeats."""
    drawn = [[*_lines(text, columns)] for text, _ in frames]
    height = max(map(len, drawn)) * LINE + 2 * EDGE
    classes: dict[str, str] = {}
    groups = [
        f'<g class="f{number}">\n{_group(lines, classes)}</g>' for number, lines in enumerate(drawn)
    ]
    styles = [f".{name} {{ {css} }}" for css, name in classes.items()]
    head = _HEAD.format(
        width=columns * CELL + 2 * EDGE,
        height=height,
        title=escape(title),
        foreground=_hex(_THEME.foreground_color),
        background=_hex(_THEME.background_color),
        styles="\n".join([*styles, *_movement([seconds for _, seconds in frames])]),
    )
    return head + "\n".join(groups) + "\n</svg>\n"


def _lines(text: str, columns: int) -> Iterator[list[Segment]]:
    console = Console(width=columns, color_system="truecolor", legacy_windows=False)
    options = console.options.update(width=columns, no_wrap=False)
    yield from console.render_lines(Text.from_ansi(text), options, pad=False)


def _group(lines: Sequence[Sequence[Segment]], classes: dict[str, str]) -> str:
    return "".join(
        _line(number, segments, classes) for number, segments in enumerate(lines) if segments
    )


def _line(number: int, segments: Sequence[Segment], classes: dict[str, str]) -> str:
    column, spans = 0, []
    for segment in segments:
        css = _css(segment.style or Style())
        name = classes.setdefault(css, f"c{len(classes)}") if css else ""
        if segment.text.strip():
            x = EDGE + column * CELL
            length = segment.cell_length * CELL
            shown = escape(segment.text)
            spans.append(
                f'<tspan x="{x:g}" textLength="{length:g}"'
                f"{f' class={chr(34)}{name}{chr(34)}' if name else ''}>{shown}</tspan>"
            )
        column += segment.cell_length
    y = EDGE + (number + 0.75) * LINE
    return f'<text y="{y:g}">{"".join(spans)}</text>\n' if spans else ""


def _css(style: Style) -> str:
    parts = []
    if style.color is not None and not style.color.is_default:
        parts.append(f"fill: {_hex(style.color.get_truecolor(_THEME))};")
    if style.bold:
        parts.append("font-weight: bold;")
    if style.dim:
        parts.append("opacity: .7;")
    if style.italic:
        parts.append("font-style: italic;")
    return " ".join(parts)


def _hex(color: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _movement(seconds: Sequence[float]) -> Iterator[str]:
    """Yield the styles that show one frame after the other; none for a single one."""
    if len(seconds) == 1:
        return
    whole = sum(seconds)
    for number, (end, lasts) in enumerate(zip(accumulate(seconds), seconds, strict=True)):
        name = f"k{number}"
        begin, stop = (end - lasts) / whole * 100, end / whole * 100
        hidden = f" {stop:.2f}% {{ visibility: hidden; }}" if number < len(seconds) - 1 else ""
        moves = f"animation: {name} {whole:.1f}s step-end infinite;"
        yield f".f{number} {{ visibility: hidden; {moves} }}"
        yield (
            f"@keyframes {name} {{ 0% {{ visibility: hidden; }}"
            f" {begin:.2f}% {{ visibility: visible; }}{hidden} }}"
        )
    last = len(seconds) - 1
    yield "@media (prefers-reduced-motion: reduce) { [class^=f] { animation: none; }"
    yield f".f{last} {{ visibility: visible; }} }}"
