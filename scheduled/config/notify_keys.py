"""The keys of a channel, below `notify:`, and of a subscriber: of each, and of each kind.

They are declared as those of `config.keys` are.
"""

from collections.abc import Mapping

from scheduled.config.collection_values import command, environment, text_list
from scheduled.config.converters import boolean, choice, integer, single_line
from scheduled.config.key import Key
from scheduled.config.notify_values import (
    any_address,
    event_list,
    headers,
    host_name,
    mail_address,
    mail_addresses,
    template,
    web_address,
    word,
    word_list,
)
from scheduled.notify.kinds import Kind, Tls
from scheduled.notify.message import PRIORITIES
from scheduled.notify.notice import GROUPS, KINDS
from scheduled.notify.subscription import KINDS as KINDS_OF_SUBSCRIBERS
from scheduled.quick_classes import NamedTuple

_FILE = (
    ", relative to the configuration's directory; see [secrets](../explanation/security.md#secrets)"
)

CHANNEL_KEYS: Mapping[str, Key] = {
    "kind": Key(
        "how it tells: `smtp`, `command`, `webhook`, `mailbox` or `apprise`",
        choice(Kind),
        "required",
    ),
    "on": Key(
        "what it tells: `failure`, `recovery`, `missed`, `health`, `report`, or a kind such as"
        " `suspended`",
        word_list([*dict.fromkeys((*GROUPS, *KINDS))]),
        "all but `report`",
    ),
    "priority": Key(
        "the lowest [priority](#priorities) it tells: `low`, `normal`, `high` or `critical`",
        word(PRIORITIES),
        "low",
        "; reports are told whatever it is",
    ),
    "jobs": Key("only what is about these jobs; `backup-*` stands for several", text_list, "all"),
    "tags": Key("only what is about jobs with one of these tags", text_list, "all"),
}
"""What every channel may have."""

KIND_KEYS: Mapping[Kind, Mapping[str, Key]] = {
    Kind.SMTP: {
        "host": Key("the mail server", host_name, "required", example="smtp.example.org"),
        "port": Key("its port", integer(1, 65535), "587, 465 or 25", ", by `tls`"),
        "tls": Key(
            "`starttls`, `implicit`, or `none`",
            choice(Tls),
            "starttls",
            "; the certificate of the server is verified",
        ),
        "user": Key("the name to log in with", single_line, "no login", example="me"),
        "password_file": Key(
            "a file with the password", single_line, "none", _FILE, example="smtp.password"
        ),
        "password_env": Key("the variable that holds the password", single_line, "none"),
        "from": Key("the sender's address", mail_address, "`user`, else `scheduled@` the host"),
        "to": Key("an address, or a list of them", mail_addresses, "required", example="me@a.org"),
        "ca_file": Key(
            "certificates to trust instead of the system's", single_line, "the system's"
        ),
        "html": Key(
            "whether mail has the text as HTML as well; that needs"
            " `pip install 'scheduled-cron[page]'`",
            boolean,
            "false",
        ),
    },
    Kind.COMMAND: {
        "command": Key(
            "shell command (or a list, run without a shell); the text is its input",
            command,
            "required",
            example='mail -s "$SCHEDULED_SUBJECT" me',
        ),
        "env": Key(
            "environment variables, `{NAME: value}`",
            environment,
            "none",
            ", besides those [below](#what-a-command-is-told)",
        ),
    },
    Kind.WEBHOOK: {
        "url": Key(
            "where to POST; this, `url_file` or `url_env` is required; `user:password@` in it"
            " becomes a header",
            web_address,
            example="https://example.org/hook",
        ),
        "url_file": Key("a file with the URL", single_line, "none", _FILE),
        "url_env": Key("the variable that holds the URL", single_line, "none"),
        "headers": Key("headers to send, `{Name: value}`", headers, "none"),
        "token_file": Key(
            "a file with a token, sent as `Authorization: Bearer`", single_line, "none", _FILE
        ),
        "token_env": Key("the variable that holds this token", single_line, "none"),
        "template": Key(
            "the body to send: text, or any JSON, in which `{subject}`, `{body}` and the other"
            " [names](#what-a-webhook-is-told) are replaced",
            template,
            "all there is, as JSON",
        ),
        "ca_file": Key(
            "certificates to trust instead of the system's", single_line, "the system's"
        ),
    },
    Kind.MAILBOX: {
        "to": Key(
            "the address of the branch", single_line, "`@dev_central`", example="@dev_central"
        ),
    },
    Kind.APPRISE: {
        "url": Key(
            "a URL of [Apprise](https://github.com/caronc/apprise); this, `url_file` or `url_env`"
            " is required",
            any_address,
            example="ntfy://my-topic",
        ),
        "url_file": Key("a file with the URL", single_line, "none", _FILE),
        "url_env": Key("the variable that holds the URL", single_line, "none"),
    },
}
"""What a channel of each kind may have besides."""

REQUIRED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.SMTP: (("host",), ("to",)),
    Kind.COMMAND: (("command",),),
    Kind.WEBHOOK: (("url", "url_file", "url_env"),),
    Kind.MAILBOX: (),
    Kind.APPRISE: (("url", "url_file", "url_env"),),
}
"""Of each group of keys a channel needs one."""


SUBSCRIBER_KEYS: Mapping[str, Key] = {
    "kind": Key("how it is told: `command` or `webhook`", word(KINDS_OF_SUBSCRIBERS), "required"),
    "on": Key(
        "the [events](subscribers.md) it is told of; `job_*` stands for several", event_list, "all"
    ),
    "jobs": Key(
        "only events about these jobs; `backup-*` stands for several",
        text_list,
        "all",
        ", and events about no job",
    ),
    "tags": Key("only events about jobs with one of these tags", text_list, "all"),
}
"""What every subscriber may have, below `subscribe:`, besides the keys of its kind."""


class Table(NamedTuple):
    """The keys of a mapping of things that are told something, by name."""

    key: str
    """The key of the configuration they stand below."""
    what: str
    """What each of them is called."""
    common: Mapping[str, Key]
    """What each may have."""
    kinds: tuple[Kind, ...]

    def of_kind(self, kind: str) -> dict[str, Key]:
        """Return all keys of one of that kind."""
        return {**self.common, **KIND_KEYS[Kind(kind)]}


CHANNELS = Table("notify", "channel", CHANNEL_KEYS, (*Kind,))
SUBSCRIBERS = Table("subscribe", "subscriber", SUBSCRIBER_KEYS, (Kind.COMMAND, Kind.WEBHOOK))
