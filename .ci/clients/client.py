"""Reads database mart with clickhouse-connect, as Superset does, and prints what it saw as JSON."""

import datetime
import json
import os

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

client = clickhouse_connect.get_client(
    host=os.environ["CH_HOST"], port=int(os.environ["CH_PORT"]), username=os.environ["CH_USER"], password=os.environ["CH_PASSWORD"], database="mart"
)
since = datetime.date.fromisoformat(os.environ["CH_SINCE"])


def look(name):
    result = client.query(f"SELECT * FROM mart.{name} LIMIT 500")
    columns = []
    for at, (column, kind) in enumerate(zip(result.column_names, result.column_types)):
        seen = {type(row[at]).__name__ for row in result.result_rows if row[at] is not None}
        columns.append({"name": column, "type": kind.name, "seen": sorted(seen)})
    if not columns:  # of no rows it does not tell the columns
        described = client.query(f"DESCRIBE TABLE mart.{name}").result_rows
        columns = [{"name": row[0], "type": row[1], "seen": []} for row in described]
    view = {"rows": client.query(f"SELECT count() FROM mart.{name}").result_rows[0][0], "columns": columns}
    if any(column["name"] == "session" for column in columns):
        later = client.query(f"SELECT count() FROM mart.{name} WHERE session >= {{since:Date}}", parameters={"since": since})
        view["since"] = later.result_rows[0][0]
    return view


def refused(sql):
    try:
        client.command(sql)
    except ClickHouseError as e:
        return str(e)[:300]
    return ""


tables = [row[0] for row in client.query("SHOW TABLES FROM mart").result_rows]
print(
    json.dumps(
        {
            "views": {name: look(name) for name in tables},
            "refused": [refused(sql) for sql in json.loads(os.environ["CH_REFUSED"])],
        }
    )
)
