"""A shop that charges cards at a bank: two FastAPI services under uvicorn, httpx between them.

The shop asks the bank again when no answer comes in time. But a charge whose answer is late was made all the same: so
the second request charges the card twice, unless the bank can tell that both mean the same charge.

`bank` has the bug. `careful_bank` knows a charge by its key and makes it once.
"""

import httpx
from fastapi import FastAPI, Header
from pydantic import BaseModel

TIMEOUT_S = 0.25
ATTEMPTS = 4


class Charge(BaseModel):
    order: str
    cents: int


def make_bank(*, knows_keys):
    """The bank's service; its accounts live as long as its process."""
    app = FastAPI()
    charges = []
    seen = set()

    @app.post("/charges")
    async def charge(charge: Charge, idempotency_key: str = Header()):
        if not (knows_keys and idempotency_key in seen):
            charges.append(charge)
        seen.add(idempotency_key)
        return {"charged": charge.cents}

    @app.get("/charges/{order}")
    async def charged(order: str):
        return sum(charge.cents for charge in charges if charge.order == order)

    return app


bank = make_bank(knows_keys=False)
careful_bank = make_bank(knows_keys=True)

shop = FastAPI()
to_bank = httpx.AsyncClient(base_url="http://bank", timeout=TIMEOUT_S)  # keeps its connection


@shop.post("/orders")
async def order(charge: Charge):
    """Take an order: charge the card, as often as it takes to get an answer."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = await to_bank.post("/charges", json=charge.model_dump(), headers={"Idempotency-Key": charge.order})
            answer.raise_for_status()
            return {"order": charge.order, "attempts": attempt}
        except httpx.TimeoutException:
            print(f"no answer for {charge.order} in {TIMEOUT_S}s, attempt {attempt}")
    return {"order": charge.order, "failed": "the bank does not answer"}


class Customer:
    """How the scenario speaks to the services: its methods are the operations of steps and workloads."""

    def __init__(self, node):
        self.client = httpx.AsyncClient(base_url=f"http://{node.host}:{node.port}", timeout=10)

    async def buy(self, order, cents):
        return (await self.client.post("/orders", json={"order": order, "cents": cents})).json()

    async def charged(self, order):
        return (await self.client.get(f"/charges/{order}")).json()


def charged_once(cluster):
    """The check: nobody was ever told that more was charged for an order than it costs."""
    cents = {op.args["order"]: op.args["cents"] for op in cluster.history if op.op == "buy"}
    return all(op.value <= cents[op.args["order"]] for op in cluster.history if op.op == "charged" and op.ok)
