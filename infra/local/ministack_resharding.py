"""A remedy of the local cloud: the parents of a split or a merge stay readable, as on AWS.

The emulator as released deletes them with every record that nobody had read yet.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack.services import kinesis

ENDED_AT = "ending_sequence_number"

Handler = Callable[[dict[str, Any]], Any]


def keep_closed_shards() -> None:
    """Closed shards take no record, are listed with their end, and are read to it."""
    kinesis._split_shard = _keeping(kinesis._split_shard)
    kinesis._merge_shards = _keeping(kinesis._merge_shards)
    kinesis._route_to_shard = _among_open(kinesis._route_to_shard)
    kinesis._shard_out = _with_its_end(kinesis._shard_out)
    kinesis._get_records = _ending(kinesis._get_records)
    kinesis._describe_stream_summary = _counting_open(kinesis._describe_stream_summary)


def _open(stream: dict[str, Any]) -> dict[str, Any]:
    return {name: shard for name, shard in stream["shards"].items() if ENDED_AT not in shard}


def _keeping(reshard: Handler) -> Handler:
    @wraps(reshard)
    def kept(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        stream = kinesis._resolve_stream(data)[1]
        before = dict(stream["shards"]) if stream else {}
        answer = reshard(data)
        for name in [name for name in before if name not in stream["shards"]]:
            stream["shards"][name] = {**before[name], ENDED_AT: kinesis._next_sequence_number()}
        return answer

    return kept


def _among_open(route: Callable[[int, dict[str, Any]], str]) -> Callable[..., str]:
    @wraps(route)
    def routed(hash_key: int, stream: dict[str, Any]) -> str:
        return route(hash_key, {**stream, "shards": _open(stream)})

    return routed


def _with_its_end(shard_out: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(shard_out)
    def shown(shard_id: str, shard: dict[str, Any]) -> dict[str, Any]:
        found = shard_out(shard_id, shard)
        if ENDED_AT in shard:
            found["SequenceNumberRange"]["EndingSequenceNumber"] = shard[ENDED_AT]
        return found

    return shown


def _ending(get_records: Handler) -> Handler:
    @wraps(get_records)
    def got(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        state = kinesis._shard_iterators.get(data.get("ShardIterator")) or {}
        stream = kinesis._streams.get(state.get("stream")) or {"shards": {}}
        shard = stream["shards"].get(state.get("shard_id"), {})
        limit = min(data.get("Limit", 10_000), 10_000)
        answer = get_records(data)
        is_read = state and state["position"] + limit >= len(shard.get("records", ()))
        return _without_next(answer) if ENDED_AT in shard and is_read else answer

    return got


def _without_next(answer: Any) -> Any:  # noqa: ANN401 - the emulator's own answer
    status, headers, body = answer
    fields = kinesis.json.loads(body)
    fields.pop("NextShardIterator", None)
    return kinesis.json_response(fields) if status == 200 else (status, headers, body)  # noqa: PLR2004


def _counting_open(summary: Handler) -> Handler:
    @wraps(summary)
    def counted(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        answer = summary(data)
        stream = kinesis._resolve_stream(data)[1]
        if stream is None:
            return answer
        fields = kinesis.json.loads(answer[2])
        fields["StreamDescriptionSummary"]["OpenShardCount"] = len(_open(stream))
        return kinesis.json_response(fields)

    return counted
