"""Model usage by the real OpenTelemetry SDK and OTLP/HTTP exporter; what its spans say beyond the list of kept attributes reaches no disk."""

import base64
import gzip
import json
import secrets
import time

import pytest
import requests
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

# Names that carry content, each sent with a marked random value (docs/OTLP.md).
CONTENT = [
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.input.messages_delta", "gen_ai.tool.definitions",
    "gen_ai.tool.description", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.agent.description", "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents", "gen_ai.memory.query.text", "gen_ai.memory.records", "gen_ai.evaluation.explanation",
    "gen_ai.request.stop_sequences", "mcp.resource.uri", "mcp.request.argument", "mcp.response.value", "gen_ai.prompt", "gen_ai.completion",
    "gen_ai.prompt.0.content", "gen_ai.completion.0.content", "traceloop.entity.input", "traceloop.entity.output", "traceloop.prompt.template",
    "gen_ai.task.input", "gen_ai.headers", "llm.headers", "llm.request.functions", "traceloop.association.properties.email", "input.value",
    "output.value", "llm.input_messages.0.message.content", "llm.prompts", "llm.invocation_parameters", "retrieval.documents.0.content", "metadata",
    "db.query.text", "exception.message", "exception.stacktrace", "url.full", "url.query", "gen_ai.agent.name", "gen_ai.tool.name",
    "gen_ai.workflow.name", "gen_ai.prompt.name", "server.address", "an.unknown.name", "gen_ai.request.model.prompt",
]
#: Kept names with a value of another type.
MISTYPED = ["gen_ai.usage.input_tokens", "gen_ai.request.temperature", "gen_ai.request.stream", "gen_ai.response.finish_reasons"]


def provider(sealane, compression, headers=None, resource=None):
    exporter = OTLPSpanExporter(
        endpoint=sealane.intake + "/v1/traces", headers=headers or {"authorization": f"Bearer {sealane.token}"}, compression=compression, timeout=10)
    made = TracerProvider(resource=Resource.create(resource or {}))
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def modelled(sealane, name="Model Call"):
    return [event["properties"] for event in sealane.export(event=json.dumps([name]))]


def call_attributes(**more):
    return {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.model": "gpt-5-mini-2026-08-07", "gen_ai.request.max_tokens": 512, "gen_ai.request.temperature": 0.25,
        "gen_ai.request.stream": True, "gen_ai.usage.input_tokens": 1234, "gen_ai.usage.output_tokens": 77,
        "gen_ai.response.finish_reasons": ["stop"], "gen_ai.conversation.id": "conversation-4711-secret", "enduser.id": "acct_otel_1",
        "org_id": "org_otel_1", **more}


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_sdk_sends_model_usage(make_installation, compression):
    sealane = make_installation()
    sealane.start()
    made = provider(sealane, compression)
    tracer = made.get_tracer("test")
    with tracer.start_as_current_span("POST /v1/answers"):
        with tracer.start_as_current_span("chat gpt-5-mini", attributes=call_attributes()) as span:
            time.sleep(0.02)
            span.set_status(trace.StatusCode.OK)
        with tracer.start_as_current_span("execute_tool", attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.type": "function"}):
            pass
        with pytest.raises(ValueError):
            with tracer.start_as_current_span("embeddings", attributes=call_attributes(
                    **{"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "ft:gpt-4o:acme-corp:secret:9", "error.type": "timeout"})):
                raise ValueError("the prompt was: hush-hush")
    made.shutdown()
    calls = {call["gen_ai.operation.name"]: call for call in modelled(sealane)}
    assert set(calls) == {"chat", "embeddings"} and len(modelled(sealane)) == 2
    chat = calls["chat"]
    assert chat["gen_ai.request.model"] == "gpt-5-mini" and chat["gen_ai.usage.input_tokens"] == 1234 and chat["gen_ai.request.stream"] is True
    assert chat["gen_ai.response.finish_reasons"] == ["stop"] and chat["gen_ai.provider.name"] == "openai" and chat["otel.status_code"] == "OK"
    assert 15 <= chat["latency_ms"] < 10_000 and chat["gen_ai.request.temperature"] == 0.25
    assert chat["distinct_id"].startswith("s_") and chat["org_id"].startswith("g_") and "conversation" not in str(chat["gen_ai.conversation.id"])
    failed = calls["embeddings"]
    assert failed["otel.status_code"] == "ERROR" and failed["error.type"] == "timeout" and "gen_ai.request.model" not in failed
    assert "acme" not in json.dumps(failed) and failed["gen_ai.request.model_id"].startswith("s_")
    assert len(modelled(sealane, "Tool Call")) == 1 and sealane.total() == 3
    # The id is the one under which the same person comes from elsewhere.
    sealane.track({"event": "Signed Up", "properties": {"distinct_id": "acct_otel_1", "org_id": "org_otel_1"}})
    signed_up = sealane.export(event='["Signed Up"]')[0]["properties"]
    assert (signed_up["distinct_id"], signed_up["org_id"]) == (chat["distinct_id"], chat["org_id"])


def marked_spans(kind):
    """A request with a marked value under every name that must not be kept, at every level that has attributes or texts."""
    marks = {}

    def mark(where):
        marks[where] = "mark" + secrets.token_hex(12)
        return marks[where]

    request = ExportTraceServiceRequest() if kind == "traces" else ExportLogsServiceRequest()
    group = request.resource_spans.add() if kind == "traces" else request.resource_logs.add()
    scope = group.scope_spans.add() if kind == "traces" else group.scope_logs.add()
    scope.scope.name = mark("scope")
    group.schema_url = mark("schema")

    def put(attributes, level):
        for name in CONTENT + MISTYPED:
            pair = attributes.add(key=name)
            pair.value.string_value = mark(f"{level} {name}")
        attributes.add(key=mark(f"{level} as a name")).value.int_value = 1
        nested = attributes.add(key="gen_ai.usage.output_tokens").value.kvlist_value.values.add(key="inner")
        nested.value.string_value = mark(f"{level} nested")
        attributes.add(key="gen_ai.request.model").value.bytes_value = mark(f"{level} bytes").encode()

    put(group.resource.attributes, "resource")
    put(scope.scope.attributes, "scope")
    now = time.time_ns()
    ids = {"trace_id": secrets.token_bytes(16), "span_id": secrets.token_bytes(8)}
    if kind == "traces":
        span = scope.spans.add(name=mark("name"), trace_state=mark("state"), start_time_unix_nano=now - 2_500_000, end_time_unix_nano=now, **ids)
        span.status.code, span.status.message = 2, mark("status")
        event = span.events.add(name=mark("event name"), time_unix_nano=now)
        put(event.attributes, "event")
        link = span.links.add(trace_id=secrets.token_bytes(16), trace_state=mark("link state"))
        put(link.attributes, "link")
        record = span
    else:
        record = scope.log_records.add(
            time_unix_nano=now, severity_text=mark("severity"), event_name="gen_ai.client.inference.operation.details", **ids)
        record.body.string_value = mark("body")
        message = scope.log_records.add(time_unix_nano=now, event_name="gen_ai.user.message")
        message.body.string_value = mark("message")
        message.attributes.add(key="gen_ai.provider.name").value.string_value = "openai"
    put(record.attributes, "record")
    record.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    record.attributes.add(key="gen_ai.provider.name").value.string_value = "anthropic"
    return request, marks


def json_form(request):
    """As OTLP has it: ids in hexadecimal, names in lowerCamelCase."""
    from google.protobuf.json_format import MessageToDict

    def fix(value, key=""):
        if isinstance(value, dict):
            return {name: fix(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [fix(inner, key) for inner in value]
        return base64.b64decode(value).hex() if key in ("traceId", "spanId") else value

    return json.dumps(fix(MessageToDict(request, use_integers_for_enums=True))).encode()


@pytest.mark.parametrize("kind", ["traces", "logs"])
@pytest.mark.parametrize("form", ["protobuf", "json", "gzip", "malformed", "oversized", "stranger"])
def test_nothing_but_the_list_is_kept(make_installation, kind, form):
    sealane = make_installation()
    sealane.start()
    request, marks = marked_spans(kind)
    body = json_form(request) if form == "json" else request.SerializeToString()
    headers = {"Content-Type": "application/json" if form == "json" else "application/x-protobuf", "Authorization": f"Bearer {sealane.token}"}
    wanted = 200
    if form == "gzip":
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    elif form == "malformed":
        body, wanted = body[:-1], 400
    elif form == "oversized":
        body, wanted = body + b"\x7a\x82\x80\x80\x08" + b"x" * (16 << 20), 413
    elif form == "stranger":
        headers["Authorization"], wanted = f"Bearer {'0' * 32}", 401
    answer = requests.post(f"{sealane.intake}/v1/{kind}", data=body, headers=headers, timeout=30)
    assert answer.status_code == wanted, answer.content
    seen = answer.content + sealane.server_log.read_bytes()
    if wanted == 200:
        assert answer.headers["Content-Type"] == headers["Content-Type"] and answer.content in (b"", b"{}")
        call, = modelled(sealane)
        assert call["gen_ai.provider.name"] == "anthropic" and call["gen_ai.operation.name"] == "chat"
        assert set(call) <= {"gen_ai.provider.name", "gen_ai.operation.name", "latency_ms", "otel.status_code", "time", "distinct_id", "$insert_id"} | {
            name for name in call if name.startswith("mp_") or name.startswith("$")}, call
        metrics = requests.get(sealane.api + "/metrics", auth=sealane.account, timeout=10).text
        assert 'sealane_otlp_dropped_attributes_total{name="gen_ai.input.messages"} ' in metrics
        seen += json.dumps(modelled(sealane)).encode() + metrics.encode()
    assert not [where for where, value in marks.items() if value.encode() in seen]
    sealane.terminate()
    sealane.start()
    sealane.terminate()
    for path in sealane.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [where for where, value in marks.items() if value.encode() in content], path


def test_sent_again_counts_once_and_old_is_named(sealane):
    before = len(modelled(sealane))
    for _ in range(3):
        request, _ = marked_spans("traces")
        span = request.resource_spans[0].scope_spans[0].spans[0]
        span.trace_id, span.span_id = b"t" * 16, b"s" * 8
        span.start_time_unix_nano = 1_000_000_000 * int(time.time() - 60)
        answer = requests.post(
            sealane.intake + "/v1/traces", data=request.SerializeToString(), timeout=10,
            headers={"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {sealane.token}"})
        assert answer.status_code == 200
    assert len(modelled(sealane)) == before + 1
    span.start_time_unix_nano, span.span_id = 1_000_000_000 * int(time.time() - 30 * 86_400), b"S" * 8
    headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {sealane.token}"}
    answer = requests.post(sealane.intake + "/v1/traces", data=request.SerializeToString(), headers=headers, timeout=10)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert answer.status_code == 200 and partial.rejected_spans == 1 and "service accounts" in partial.error_message
    # A service account may send what is older.
    del headers["Authorization"]
    answer = requests.post(
        sealane.intake + "/v1/traces", params={"project_id": sealane.project_id}, data=request.SerializeToString(), headers=headers,
        auth=sealane.account, timeout=10)
    assert answer.status_code == 200 and answer.content == b""


def test_what_cannot_be_read_is_refused_as_otlp_has_it(sealane):
    from google.rpc.status_pb2 import Status

    def post(body, **headers):
        return requests.post(
            sealane.intake + "/v1/traces", data=body, timeout=10, headers={"Authorization": f"Bearer {sealane.token}", **headers})

    assert post(b"\xff\xff", **{"Content-Type": "application/x-protobuf"}).status_code == 400
    assert Status.FromString(post(b"\xff", **{"Content-Type": "application/x-protobuf"}).content).code == 3
    for text in (b"", b"[]", b'{"resourceSpans":', b'{"resourceSpans":[{"scopeSpans":[{"spans":[{]}]}]}', b"{" * 100_000, b'{"a":' + b"[" * 5000):
        answer = post(text, **{"Content-Type": "application/json; charset=utf-8"})
        assert answer.status_code == 400 and answer.json()["code"] == 3, text[:40]
    assert post(b"{}", **{"Content-Type": "application/json"}).json() == {}
    assert post(b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    assert post(b"{}", **{"Content-Type": "application/json", "Content-Encoding": "br"}).status_code == 415
    assert post(b"{}", **{"Content-Type": "application/json", "Content-Encoding": "gzip"}).status_code == 400
    assert post(gzip.compress(b" " * (30 << 20)), **{"Content-Type": "application/json", "Content-Encoding": "gzip"}).status_code == 413


def test_the_exporter_is_told_that_its_token_is_wrong(sealane, caplog):
    exporter = OTLPSpanExporter(endpoint=sealane.intake + "/v1/traces", headers={"authorization": "Bearer nobody"}, timeout=5)
    made = TracerProvider()
    with made.get_tracer("test").start_as_current_span("chat", attributes=call_attributes()) as span:
        pass
    assert exporter.export([span]) == SpanExportResult.FAILURE
