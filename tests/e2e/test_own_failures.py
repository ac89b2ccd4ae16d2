"""Who hears that a job has failed: cron by output and exit code, a branch by its mailbox."""

import json
from pathlib import Path

from tests.builders import ecosystem
from tests.builders.command import scheduled
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.jobs import RARELY

FAILING = f'  backup: {{schedule: "{RARELY}", first_run: now, command: "echo oops; exit 3"}}\n'
CENTRAL = "notify:\n  central: {kind: mailbox}\n"


def test_a_failure_is_put_into_the_mailbox_of_dev_central_once_and_cron_mails_nothing(
    tmp_path: Path,
) -> None:
    entries = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("DRONE")]
    home = ecosystem.home(tmp_path / "home", {"branches": entries})
    configure(home, CENTRAL + WITHOUT_SWEEPS + FAILING)

    said = [scheduled(home, "run"), scheduled(home, "run")]

    assert [each.code for each in said] == [1, 0]
    assert [each.err for each in said] == ["", ""]
    inbox = json.loads((home / "dev_central/ai_mail.local/inbox.json").read_text())
    [message] = inbox["messages"]
    assert (message["from"], message["status"]) == ("@trigger", "new")
    assert message["subject"] == "backup: failing"
    assert "| oops" in message["message"]
