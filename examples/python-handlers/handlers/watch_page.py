"""Watch a page of the web, and tell when it has changed."""

import hashlib
import urllib.error
import urllib.request

from scheduled.handler import Context, GiveUp, Kind, Param, Skip, handler

PARAMS = {"url": Param("the page", Kind.TEXT, "")}


@handler(
    schedule="H * * * *",  # a minute of this machine's own
    description="Tell when a page has changed",
    timeout="1m",
    # A network fails and works again: three tries, and a person hears of it after the third hour.
    max_retries=2,
    retry_delay="5m",
    alert_after=3,
    # An hour that was missed is gone; there is only the page as it is now.
    catch_up="skip",
)
def watch_page(context: Context) -> dict[str, object]:
    """Fetch the page and compare it with the last one."""
    url = context.params.get("url", "")
    if not url:
        raise Skip("no url configured")
    headers = {}
    if "etag" in context.memory:
        headers["If-None-Match"] = context.memory["etag"]
    if not url.startswith(("http://", "https://")):
        raise GiveUp(f"{url}: not a page of the web")
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            content = answer.read(10_000_000)
            context.memory["etag"] = answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return {"changed": False}
        if error.code in (404, 410):
            raise GiveUp(f"{url} is gone") from error  # to try again would not help
        raise
    digest = hashlib.sha256(content).hexdigest()
    before = context.memory.get("digest")
    context.memory["digest"] = digest
    changed = before is not None and before != digest
    if changed:
        context.fire("page_changed", url=url)
    return {"changed": changed, "bytes": len(content)}
