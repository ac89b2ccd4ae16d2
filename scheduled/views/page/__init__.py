"""The page: one HTML file that shows an installation, with pictures and without a script.

How it is put together, and where a new piece goes:

- `facts.py`: `Facts` is all that the page is made from. A section asks nothing else of the world.
- A section is a row of `sections.SECTIONS`: its name, which is its anchor and the name of its
  template, its title, and a function `model(facts)` in a module of its own. The model is plain
  values: no HTML, no words with markup. `None` leaves the section out. What cannot be read
  (StateError, UnreadableFileError) may be raised: the section then says so in a sentence.
- `templates/NAME.html` is the body of the section below its `h2`; it gets `model`, `facts` and the
  macros of `macros.html` (`{% import "macros.html" as m with context %}` where it uses them).
  Sub-headings are `h3`. `templates/defs.html` is what SVG pictures share (`<use href="#...">`).
- `templates/*.css` become the one `<style>` of the page, in the order of `styles.SHEETS`. Colours
  are custom properties of `page.css`, one for each meaning, for light, dark, forced colours and
  print. The Content-Security-Policy allows this sheet by its hash and nothing else: no `style=`
  (presentation attributes of SVG are allowed), no script, no picture but `data:`.
- `markup.py` makes the environment of the templates. Whatever a template prints goes through one
  function, which hides secrets and shows control and bidi characters as `\\u202e`; after it all is
  escaped. So templates never say `safe` or `escape`, and quote every attribute.
- `moments.py` prints instants for the page (`{{ m.time(instant) }}`, `|moment`); more filters
  stand in `markup.py`.
- `build.py` joins it all: `document(facts)` is the whole page; `fragment(facts, names)` some
  sections alone, for what has a frame of its own.

- Pictures of the past: `Facts` has what all of them are made from, read once by `past.py`;
  `lane.py`, `cells.py`, `plot.py` and `outages.py` say what is drawn, in percent of the width and
  pixels of the height, which `timeline.py` knows. An `svg` has no viewBox: it fits every width, and
  neither text nor shapes are distorted. `looks.py` has the words for how a run went; the shape of
  each is in `templates/shapes.html` and `templates/defs.html`.

Counts come from `views/counting.py`, sentences from the modules that `status` and `why` use.
"""
