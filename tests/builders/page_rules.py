"""The rules of a page that people like to open; each returns what breaks it, a line each."""

from functools import cache
from importlib import resources

from tests.builders.browser import Visit

GRAVE = ("serious", "critical")


@cache
def _axe() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def accessibility(visit: Visit) -> list[str]:
    """Return what axe-core calls serious or critical. The page must have scripts."""
    visit.ask(_axe())
    found = visit.ask("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:5]
    ]


def self_containment(visit: Visit) -> list[str]:
    """Return what was asked for besides the file, and what a browser could ask for."""
    linked = visit.ask(
        """() => [...document.querySelectorAll('*')].flatMap(element =>
            [...element.attributes]
                .filter(({name}) => /^(src|srcset|data|poster|action|formaction|background|ping)$/
                    .test(name) || (/href$/.test(name) && element.localName !== 'a'))
                .filter(({value}) => !/^(#|data:image)/.test(value.trim()))
                .map(({name, value}) => `<${element.localName} ${name}="${value}">`))"""
    )
    styles = visit.ask(
        """() => [...document.querySelectorAll('style')].map(style => style.textContent)
            .concat([...document.querySelectorAll('[style]')].map(e => e.getAttribute('style')))
            .filter(text => /@import|url\\(\\s*['"]?(?!#|data:)/.test(text))"""
    )
    return [*visit.requests, *linked, *styles]


def execution(visit: Visit) -> list[str]:
    """Return what could run: scripts, and attributes and links that hold some."""
    found: list[str] = visit.ask(
        """() => [...document.querySelectorAll('*')].flatMap(element =>
            (/^(script|iframe|object|embed|base|form|foreignObject)$/.test(element.localName)
                ? [element.localName] : []).concat([...element.attributes]
                .filter(({name, value}) => /^on/.test(name) || /^\\s*(javascript|vbscript):/i
                    .test(value) || (/href$/.test(name) && /^\\s*data:(?!image)/i.test(value)))
                .map(({name, value}) => `<${element.localName} ${name}="${value}">`)))"""
    )
    return found + visit.dialogs


def sideways(visit: Visit) -> list[str]:
    """Return by how much the body can be scrolled sideways, and what sticks out."""
    found: list[str] = visit.ask(
        """() => {
            const width = document.documentElement.clientWidth;
            const wide = document.documentElement.scrollWidth;
            if (wide <= width) return [];
            const scrolls = element => element !== document.documentElement
                && element !== document.body && (/auto|scroll|hidden|clip/
                .test(getComputedStyle(element).overflowX)
                || (element.parentElement && scrolls(element.parentElement)));
            const out = [...document.querySelectorAll('body *')].filter(element =>
                element.getBoundingClientRect().right > width + 1 && !scrolls(element));
            return [`${wide} instead of ${width} pixels`].concat(out.slice(0, 5).map(element =>
                `<${element.localName} class="${element.getAttribute('class')}">`
                + ` ${element.textContent.trim().slice(0, 60)}`));
        }"""
    )
    return found


def broken_words(visit: Visit) -> list[str]:
    """Return short words that are on two lines, or of which a part is cut off."""
    found: list[str] = visit.ask(
        """() => {
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const broken = [];
            while (texts.nextNode()) {
                const text = texts.currentNode, element = text.parentElement;
                const hidden = element.closest('thead, .hidden')?.getBoundingClientRect();
                if (hidden?.width <= 1 || element.closest('svg, style')) continue;
                if (!element.checkVisibility()) continue;
                if (/^\\s*\\w{2,12}\\s*$/.test(text.textContent)) {
                    const range = document.createRange();
                    range.selectNodeContents(text);
                    const lines = new Set([...range.getClientRects()].map(box => box.top));
                    const isCut = getComputedStyle(element).textOverflow === 'ellipsis'
                        && element.scrollWidth > element.clientWidth;
                    if (lines.size > 1 || isCut) broken.push(text.textContent.trim());
                }
            }
            return broken.slice(0, 10);
        }"""
    )
    return found


def movement(visit: Visit) -> list[str]:
    """Return what moves."""
    found: list[str] = visit.ask(
        """() => [...document.querySelectorAll('*')].filter(element => {
            const style = getComputedStyle(element);
            return style.scrollBehavior === 'smooth'
                || parseFloat(style.transitionDuration) > 0
                || (style.animationName !== 'none' && parseFloat(style.animationDuration) > 0);
        }).map(element => `<${element.localName} class="${element.getAttribute('class')}">`)
        .concat([...document.querySelectorAll('animate, animateTransform, animateMotion, set')]
            .map(element => `<${element.localName}>`))"""
    )
    return found


def skip_link(visit: Visit) -> list[str]:
    """Return what is wrong with the first thing that Tab reaches: a visible link to the content."""
    visit.page.keyboard.press("Tab")
    link = visit.ask(
        """() => {
            const link = document.activeElement, box = link.getBoundingClientRect();
            return {href: link.getAttribute('href') || '', top: box.top, left: box.left,
                    width: box.width, height: box.height};
        }"""
    )
    if not link["href"].startswith("#"):
        return ["the first Tab does not reach a link within the page"]
    problems = []
    if link["top"] < 0 or link["left"] < 0 or link["width"] < 24 or link["height"] < 16:
        problems.append(f"the skip link cannot be seen when it has the focus: {link}")
    visit.page.keyboard.press("Enter")
    if not visit.ask("document.querySelector('main:target') !== null"):
        problems.append(f"{link['href']}: is not <main>")
    return problems


def focus(visit: Visit, most: int = 40) -> list[str]:
    """Return what Tab reaches without anything to be seen of it, from where the focus is now."""
    problems = []
    for _ in range(most):
        visit.page.keyboard.press("Tab")
        name, outline, width, left, right, page = visit.ask(
            """() => {
                const element = document.activeElement, style = getComputedStyle(element);
                const box = element.getBoundingClientRect();
                return [element === document.body ? '' : element.localName + ' '
                    + element.textContent.trim().slice(0, 40), style.outlineStyle,
                    parseFloat(style.outlineWidth), box.left, box.right,
                    document.documentElement.clientWidth];
            }"""
        )
        if not name:
            break
        if outline == "none" or width < 1:
            problems.append(f"{name}: no outline")
        if right < 0 or left > page:
            problems.append(f"{name}: out of sight")
    return problems


def order(visit: Visit) -> list[str]:
    """Return headings that skip a level, ids used twice, and anchors that lead nowhere."""
    found: list[str] = visit.ask(
        """() => {
            const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
                .map(heading => [Number(heading.localName[1]), heading.textContent.trim()]);
            const skipped = levels.filter(([level], place) =>
                level > (place ? levels[place - 1][0] : 0) + 1).map(([, text]) => `skips: ${text}`);
            const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
            const twice = ids.filter((id, place) => ids.indexOf(id) !== place)
                .map(id => `twice: ${id}`);
            const lost = [...document.querySelectorAll('[href^="#"]')]
                .map(link => link.getAttribute('href').slice(1))
                .filter(id => id && !document.getElementById(id)).map(id => `nowhere: #${id}`);
            return [...new Set([...skipped, ...twice, ...lost])];
        }"""
    )
    return found


def invisible_marks(visit: Visit) -> list[str]:
    """Return shapes of pictures that have no colour but that of the page behind them."""
    found: list[str] = visit.ask(
        """() => {
            const back = getComputedStyle(document.body).backgroundColor;
            const none = colour => colour === 'none' || colour === back
                || /^rgba.*, 0\\)$/.test(colour);
            const shapes = 'rect, circle, path, line, polyline, polygon';
            const shown = [...document.querySelectorAll('svg')].flatMap(picture =>
                [...picture.querySelectorAll(shapes)]);
            const marks = shown.filter(shape => !shape.closest('.sign, .cross'));
            const lost = marks.filter(shape => {
                const style = getComputedStyle(shape);
                return none(style.fill) && none(style.stroke);
            });
            return marks.length ? lost.map(shape => shape.outerHTML.slice(0, 100)) : ['no marks'];
        }"""
    )
    return found
