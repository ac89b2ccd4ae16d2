"""A module with handlers in it, for tests that need functions another process can import."""

from scheduled.handler import Context, GiveUp, NotNow, handler


@handler(schedule="hourly", timeout="5m", tags=["chore"], first_run="now")
def sweep(context: Context) -> dict[str, object]:
    """Sweep.

    Much more.
    """
    context.memory["swept"] = context.memory.get("swept", 0) + 1
    context.fire("data_loss_risk", message={"subject": "S", "body": "B"})
    context.log(f"swept for {context.slot}")
    return {"missed": context.missed, **context.params}


@handler(description="No job of its own")
def helper(context: Context) -> None: ...


def forget(context: Context) -> None:
    context.memory["lost"] = True
    raise GiveUp("no broom")


def later(context: Context) -> None:
    raise NotNow("it rains")


def whole(context: Context) -> dict[str, object]:
    return {"now": context.now.isoformat(), "root": str(context.root)}


class Cupboard:
    def broom(self, context: Context) -> None: ...
