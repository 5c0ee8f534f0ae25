/// Names under which payload comes: what customers send to the platform and get from it. It is refused, nested or not.
///
/// Names of the OpenTelemetry world are exact, prefixes end with a dot (analytics-semantics B.4); everyday names are compared by words.
struct PayloadNames: NameStep {
  static let exact: Set<String> = [
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.input.messages_delta",
    "gen_ai.tool.definitions", "gen_ai.tool.description", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
    "gen_ai.agent.description", "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents", "gen_ai.memory.query.text",
    "gen_ai.memory.records", "gen_ai.evaluation.explanation", "gen_ai.request.stop_sequences", "mcp.resource.uri", "mcp.request.argument",
    "mcp.response.value", "gen_ai.prompt", "gen_ai.completion", "gen_ai.system.message", "gen_ai.user.message",
    "gen_ai.assistant.message", "gen_ai.tool.message", "gen_ai.choice", "gen_ai.content.prompt", "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details", "traceloop.entity.input", "traceloop.entity.output", "traceloop.prompt.template",
    "traceloop.prompt.template_variables", "gen_ai.task.input", "gen_ai.task.output", "gen_ai.headers", "llm.headers",
    "llm.request.functions", "gen_ai.request.structured_output_schema", "input.value", "output.value", "llm.prompts",
    "llm.invocation_parameters", "metadata", "db.query.text", "db.statement", "exception.message", "exception.stacktrace", "url.full",
    "url.query", "where", "where_document", "document_filter", "status.message", "otel.status_description",
  ]

  static let prefixes: [String] = [
    "gen_ai.prompt.", "gen_ai.completion.", "traceloop.association.properties.", "llm.input_messages.", "llm.output_messages.",
    "llm.prompts.", "llm.completions.", "llm.request.functions.", "retrieval.documents.", "embedding.embeddings.", "db.query.result.",
    "db.query.parameter.", "http.request.header.", "http.response.header.", "http.request.body.", "http.response.body.",
    "rpc.grpc.request.metadata.", "rpc.grpc.response.metadata.", "mcp.request.argument.", "mcp.response.value.", "metadata.",
    "gen_ai.input.messages.", "gen_ai.output.messages.", "gen_ai.tool.definitions.", "gen_ai.tool.call.arguments.",
    "gen_ai.tool.call.result.", "gen_ai.retrieval.documents.", "gen_ai.memory.records.", "gen_ai.headers.", "llm.headers.",
  ]

  /// Not payload although a prefix or an end says so.
  static let exempt: Set<String> = ["gen_ai.prompt.name"]

  /// Whole names, by their words.
  static let whole: Set<String> = [
    "text", "body", "question", "answer", "query", "chat", "conversation", "conversations", "history", "document", "documents", "snippet",
    "instructions", "response", "choices", "delta", "arguments", "stdout", "stderr", "comment", "comments", "note", "notes",
    "feedback", "attachment", "attachments", "clipboard", "keystrokes", "html", "dom",
    "message", "error message", "request", "payload", "data", "embedding", "embeddings",
  ]

  /// Ends of names, as words.
  static let ends: [String] = [
    "prompt", "prompts", "messages", "completion", "completions", "input", "inputs", "output", "outputs", "content", "contents",
    "transcript", "transcripts", "user message", "assistant message", "system message", "tool message", "chat message", "message text",
    "message body", "message content", "prompt text", "response text", "query text", "completion text", "input text", "output text",
    "request body", "response body", "request payload", "response payload", "chat history", "conversation history", "tool calls",
    "tool call arguments", "function call", "function calls", "stack trace", "stacktrace", "traceback", "exception message",
    "system instructions", "search query", "search term", "search text",
  ]

  func rule(for name: String, words: NameWords) -> NameRule? {
    guard !Self.exempt.contains(name) else { return nil }
    if Self.exact.contains(words.name) || Self.prefixes.contains(where: { words.name.hasPrefix($0) }) {
      return NameRule(action: .remove, reason: .payloadName)
    }
    // `utm_content` and `initial_utm_content` name an advertisement.
    guard !words.all.contains("utm") else { return nil }
    let isPayload = words.isOne(of: Self.whole) || words.ends(withOneOf: Self.ends)
    return isPayload ? NameRule(action: .removeText, reason: .payloadName) : nil
  }
}
