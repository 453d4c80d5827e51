"""A leader election in the manner of Raft (Ongaro and Ousterhout, 2014): terms, votes, heartbeats, and nothing else.

Every node is a follower at first. Who hears of no leader for a while stands for election in a new term; who gets the
votes of a majority leads that term and says so to the others until it hears of a newer one. In one term there must
never be two leaders.

`main` has a bug. `fixed` is the same without it.
"""

import asyncio
import contextlib
import json
import random

PATIENCE_S = (0.15, 0.30)  # how long a follower waits for a leader, drawn anew each time
HEARTBEAT_S = 0.05
ANSWER_S = 0.10  # how long an answer may take


class Member:
    """One node of the election."""

    def __init__(self, node):
        self.node = node
        self.term = 0
        self.voted_for = None  # in this term
        self.role = "follower"
        self.heard = asyncio.get_running_loop().time()
        node.state["led"] = []  # the terms this node led: what the check looks at

    # What others ask

    async def answer(self, reader, writer):
        """One question, one answer, as lines of JSON. Who asked may have given up by now."""
        with contextlib.suppress(ConnectionError):
            if line := await reader.readline():
                message = json.loads(line)
                self.learn(message["term"])
                handle = {"vote": self.vote, "heartbeat": self.heartbeat}[message["kind"]]
                writer.write(json.dumps(handle(message)).encode() + b"\n")
                await writer.drain()
        writer.close()

    def vote(self, message):
        """Somebody wants to lead: the first who asks in a term gets this node's vote."""
        granted = message["term"] == self.term and self.voted_for in (None, message["from"])
        if granted:
            self.voted_for = message["from"]
            self.heard = asyncio.get_running_loop().time()
        return {"term": self.term, "granted": granted}

    def heartbeat(self, message):
        """Somebody leads."""
        if message["term"] == self.term:
            self.role = "follower"
            self.heard = asyncio.get_running_loop().time()
        return {"term": self.term}

    def learn(self, term):
        """A newer term begins: nobody has this node's vote in it yet."""
        if term > self.term:
            self.term, self.voted_for, self.role = term, None, "follower"

    # What this node does by itself

    async def live(self):
        while True:
            if self.role == "leader":
                await self.lead()
            else:
                await self.follow()

    async def follow(self):
        """Wait for a leader; where there is none, stand for election."""
        patience = random.uniform(*PATIENCE_S)
        await asyncio.sleep(patience)
        if asyncio.get_running_loop().time() - self.heard >= patience:
            await self.stand()

    async def stand(self):
        """Ask for the votes of a new term; this node's own counts too."""
        self.learn(self.term + 1)
        self.role = "candidate"
        self.remember_own_vote()
        term = self.term
        print(f"stands for term {term}")
        answers = await self.ask_all("vote")
        votes = 1 + sum(answer["granted"] for answer in answers)
        if self.role == "candidate" and self.term == term and votes > (len(self.node.peers) + 1) // 2:
            print(f"leads term {term} with {votes} votes")
            self.role = "leader"
            self.node.state["led"].append(term)

    def remember_own_vote(self):
        """The bug: it counts its own vote, and gives it to the next who asks as well."""

    async def lead(self):
        await self.ask_all("heartbeat")
        await asyncio.sleep(HEARTBEAT_S)

    async def ask_all(self, kind):
        """Ask every other node; who does not answer in time is left out."""
        message = {"kind": kind, "term": self.term, "from": self.node.name}
        answers = await asyncio.gather(*(self.ask(peer, message) for peer in self.node.peers))
        heard = [answer for answer in answers if answer is not None]
        for answer in heard:
            self.learn(answer["term"])
        return heard

    async def ask(self, peer, message):
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(peer.host, peer.port)
                writer.write(json.dumps(message).encode() + b"\n")
                line = await reader.readline()
                writer.close()
                return json.loads(line) if line else None
        except (OSError, TimeoutError):
            return None


class CarefulMember(Member):
    """The same, mended."""

    def remember_own_vote(self):
        self.voted_for = self.node.name


async def main(node):
    await run(Member(node))


async def fixed(node):
    await run(CarefulMember(node))


async def run(member):
    server = await asyncio.start_server(member.answer, "0.0.0.0", member.node.port)
    async with server:
        await member.live()


def one_leader_per_term(cluster):
    """The check: no term was led by two nodes."""
    led = [term for node in cluster.nodes for term in node.state.get("led", [])]
    return len(led) == len(set(led))
