"""The page: one HTML file that shows an installation, with pictures and without a script.

- `facts.py`: `Facts` is all that the page is made from. A section asks nothing else of the world.
- `past/`: what the journal says of the last 24 hours, 7 and 30 days, read once (`times.py`) into
  what each job did (`job_past.py`), and kept of days that are over (`kept_days.py`). How a run
  looks, and what that is called, is in `looks.py`.
- `pictures/`: what is drawn, as plain values: in percent of the width, which `timeline.py` knows,
  and pixels of the height. An `svg` has no viewBox: it fits every width, and neither text nor
  shapes are distorted. The shapes are in `templates/shapes.html` and `templates/defs.html`.
- `sections/`: a module for each part of the page, with the model of its template.
- `contents.py`: which sections there are, in their order. `build.py` joins it all: the page, and
  the report of a day. `mail.py` makes a mail, from `prose.py` alone.

A section is a row of `contents.SECTIONS`: its name, which is its anchor and the name of its
template, its title, and a function `model(facts)`. The model is plain values: no HTML, no words
with markup. `None` leaves the section out. What cannot be read (StateError, UnreadableFileError)
may be raised: the section then says so in a sentence.

`templates/NAME.html` is its body below its `h2`; it gets `model`, `facts` and the macros of
`macros.html` (`{% import "macros.html" as m with context %}` where it uses them). Sub-headings are
`h3`. What SVG pictures share is `<use href="#...">` of what stands in `defs.html`.

`markup.py` makes the environment of the templates. Whatever one prints goes through one function,
which hides secrets and shows control and bidi characters as `\\u202e`; after it all is escaped. So
templates never say `safe` or `escape`, and quote every attribute. Instants are printed by
`moments.py` (`{{ m.time(instant) }}`, `|moment`); more filters stand in `markup.py`.

`templates/*.css` become the one `<style>` of the page, in the order of `styles.SHEETS`. Colours are
custom properties of `page.css`, one for each meaning, for light, dark, forced colours and print.
The Content-Security-Policy allows this sheet by its hash and nothing else: no `style=`
(presentation attributes of SVG are allowed), no script, no picture but `data:`.

Counts come from `views/counting.py`, sentences from the modules that `status` and `why` use.
"""
