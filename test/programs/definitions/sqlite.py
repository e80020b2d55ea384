"""sqlite3 executes a script of thousands of statements on a database in memory, and writes the results of the queries."""

import random

from process import digest, find
from program import Program, expect

KINDS = ("pool", "slab", "arena", "source")


def text(numbers):
    return "".join(numbers.choices("abcdefghijklmnopqrstuvwxyz ", k=numbers.randrange(5, 120)))


def statements(count, expected):
    """The script; `expected` gets the lines that the queries marked as known must give."""
    numbers = random.Random(7)
    yield "CREATE TABLE item(id INTEGER PRIMARY KEY, kind TEXT, size INTEGER, body TEXT);"
    yield "CREATE INDEX item_kind ON item(kind, size);"
    yield "CREATE TABLE part(item INTEGER, at INTEGER, data BLOB);"
    yield "CREATE INDEX part_item ON part(item);"
    yield "CREATE VIRTUAL TABLE words USING fts5(body);"
    sizes = {}
    for i in range(count):
        if i % 500 == 0:
            yield "COMMIT; BEGIN;" if i else "BEGIN;"
        sizes[i] = numbers.randrange(1000)
        body = text(numbers)
        yield f"INSERT INTO item VALUES({i}, '{KINDS[i % 4]}', {sizes[i]}, '{body}');"
        yield f"INSERT INTO words(rowid, body) VALUES({i}, '{body}');"
        yield f"INSERT INTO part VALUES({numbers.randrange(i + 1)}, {i}, zeroblob({numbers.randrange(200)}));"
        action = numbers.randrange(6)
        which = numbers.randrange(i + 1)
        if action == 0:
            yield f"DELETE FROM item WHERE id = {which};"
            sizes.pop(which, None)
        elif action == 1:
            yield f"UPDATE item SET size = size + 1, body = upper(body) || size WHERE id = {which};"
            if which in sizes:
                sizes[which] += 1
        elif action == 2:
            yield f"SELECT id, size, substr(body, 1, 10) FROM item WHERE kind = '{KINDS[which % 4]}' AND size < 900 ORDER BY size DESC LIMIT 5;"
        elif action == 3 and i % 5 == 0:
            yield f"SELECT count(*), sum(length(data)) FROM item JOIN part ON part.item = item.id WHERE item.id BETWEEN {which} AND {which + 300};"
    yield "COMMIT;"
    yield "SELECT 'known', count(*), sum(size) FROM item;"
    expected.append(f"known|{len(sizes)}|{sum(sizes.values())}")
    yield "SELECT kind, group_concat(id), avg(size) FROM (SELECT * FROM item ORDER BY body) GROUP BY kind;"
    yield "SELECT id, rank() OVER (PARTITION BY kind ORDER BY size, id), sum(size) OVER (ORDER BY id ROWS 20 PRECEDING) FROM item;"
    yield "SELECT json_group_array(json_object('id', id, 'body', body)) FROM item;"
    yield "SELECT rowid FROM words WHERE words MATCH 'a* OR b*' ORDER BY rank, rowid LIMIT 50;"
    yield "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT 'known', sum(i) FROM n;"
    expected.append(f"known|{sum(range(20001))}")
    yield "PRAGMA integrity_check;"
    expected.append("ok")


class Sqlite(Program):
    name = "sqlite"
    needs = {"sqlite3": "sqlite3"}

    def work(self, large):
        return 80_000 if large else 20_000  # rows; some four statements for each

    def prepare(self, folder, work):
        (folder / "script.sql").write_text("\n".join(statements(work, [])) + "\n", encoding="ascii")

    def run(self, leg, folder, work):
        said = leg.run(find("sqlite3"), "-batch", ":memory:", stdin=folder / "script.sql")
        known = [line for line in said.decode().splitlines() if line == "ok" or line.startswith("known|")]
        return "\n".join([*known, digest(said)])

    def check(self, answer, work):
        expected = []
        for _ in statements(work, expected):
            pass
        expect("known results", answer.splitlines()[:-1], expected)
