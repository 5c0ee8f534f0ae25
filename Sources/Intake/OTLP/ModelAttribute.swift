/// What may be kept of a span: an attribute of OpenTelemetry's semantic conventions by its exact name, with the type that it must have.
///
/// Default is deny (docs/OTLP.md has the whole list): there is no prefix and no pattern on the keeping side. `test_otlp.py` and
/// `OTLPTests` hold the list against the names that carry content.
struct ModelAttribute {
  enum Kind {
    case number
    case flag
    /// A word of a closed or technical vocabulary (`isWord`).
    case word
    /// Several of them.
    case words
    /// One of these values only, since in practice developers write free text there.
    case oneOf(Set<String>)
    /// The name of a model: as it is where it is one of a known family, else a pseudonym, since it can name a customer's fine-tune.
    case model
    /// An id: the gate makes a pseudonym of it by its name.
    case identifier
    /// The id of who called.
    case subject
    /// Never kept: counted by name.
    case content
  }

  /// The property that it becomes.
  let name: String
  let kind: Kind

  /// By the name as sent.
  static let all: [String: ModelAttribute] = {
    var all: [String: ModelAttribute] = [:]
    func add(_ names: [String], _ kind: Kind) { for name in names { all[name] = ModelAttribute(name: name, kind: kind) } }
    let request = "gen_ai.request."
    let usage = "gen_ai.usage."
    add(
      ["max_tokens", "choice.count", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty"].map { request + $0 }, .number
    )
    add([request + "stream"], .flag)
    add([request + "encoding_formats", "gen_ai.response.finish_reasons"], .words)
    add([request + "model", "gen_ai.response.model"], .model)
    add(["gen_ai.response.time_to_first_chunk"], .number)
    add(
      [
        "input_tokens", "output_tokens", "cache_read.input_tokens", "cache_creation.input_tokens", "reasoning.output_tokens",
        "text.input_tokens", "image.input_tokens", "audio.input_tokens", "video.input_tokens", "text.output_tokens", "audio.output_tokens",
      ].map { usage + $0 }, .number)
    // The names before version 1.27.
    all[usage + "prompt_tokens"] = ModelAttribute(name: usage + "input_tokens", kind: .number)
    all[usage + "completion_tokens"] = ModelAttribute(name: usage + "output_tokens", kind: .number)
    all["gen_ai.system"] = ModelAttribute(name: "gen_ai.provider.name", kind: .word)
    add(
      [
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.output.type", "error.type", "gen_ai.token.type", "gen_ai.token.modality",
        "gen_ai.token.cache", "gen_ai.token.phase", "openai.api.type", "openai.request.service_tier", "openai.response.service_tier",
        "openai.response.system_fingerprint", "mcp.method.name", "mcp.protocol.version",
      ], .word)
    add(["gen_ai.tool.type"], .oneOf(["function", "extension", "datastore"]))
    add(["gen_ai.embeddings.dimension.count", "gen_ai.memory.record.count", "gen_ai.evaluation.score.value"], .number)
    add(
      ["gen_ai.evaluation.score.label"], .oneOf(["pass", "fail", "passed", "failed", "relevant", "not_relevant", "correct", "incorrect"]))
    add(
      [
        "gen_ai.conversation.id", "gen_ai.response.id", "gen_ai.tool.call.id", "gen_ai.agent.id", "gen_ai.data_source.id",
        "gen_ai.memory.store.id", "gen_ai.memory.record.id", "aws.bedrock.knowledge_base.id", "mcp.session.id", "session.id",
      ], .identifier)
    add(["enduser.id", "user.id", "gen_ai.user", "llm.user"], .subject)
    add(contentNames, .content)
    return all
  }()

  /// Names that carry content, which is known: counted each by itself, all others together.
  static let contentNames = [
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.input.messages_delta",
    "gen_ai.tool.definitions", "gen_ai.tool.description", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
    "gen_ai.agent.description", "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents", "gen_ai.memory.query.text",
    "gen_ai.memory.records", "gen_ai.evaluation.explanation", "gen_ai.request.stop_sequences", "mcp.resource.uri", "mcp.request.argument",
    "mcp.response.value", "gen_ai.prompt", "gen_ai.completion", "traceloop.entity.input", "traceloop.entity.output",
    "traceloop.prompt.template", "traceloop.prompt.template_variables", "gen_ai.task.input", "gen_ai.task.output", "gen_ai.headers",
    "llm.headers", "llm.request.functions", "gen_ai.request.structured_output_schema", "input.value", "output.value", "llm.prompts",
    "llm.invocation_parameters", "metadata", "db.query.text", "exception.message", "exception.stacktrace", "url.full", "url.query",
    // Named by developers and their users: no list of values is known.
    "gen_ai.agent.name", "gen_ai.agent.version", "gen_ai.tool.name", "gen_ai.workflow.name", "gen_ai.prompt.name", "server.address",
    "server.port",
  ]

  /// Longest name in the list, bytes.
  static let longestName = all.keys.map(\.utf8.count).max() ?? 0

  /// Whether a text is a word of a technical vocabulary: letters, digits, `_`, `.`, `-`, `/`, `:`; no spaces, no sentences.
  static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":")].contains(byte)
        }
      }
  }

  /// Families of models whose names say nothing about a customer. A fine-tune's name has a colon or an account in it.
  private static let families = [
    "gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-", "dall-e-", "whisper-", "tts-", "omni-moderation-", "codex-", "davinci-",
    "babbage-", "claude-", "gemini-", "gemma-", "palm-", "text-bison", "imagen-", "llama", "meta-llama/", "mistral-", "mixtral-",
    "codestral-", "ministral-", "pixtral-", "magistral-", "command-", "embed-", "rerank-", "aya-", "deepseek-", "qwen", "grok-", "phi-",
    "nova-", "titan-", "jamba-", "sonar", "kimi-", "glm-", "yi-", "granite-", "nomic-embed-", "voyage-", "bge-",
  ]

  static func isKnownModel(_ text: String) -> Bool {
    guard isWord(text), !text.contains(":"), text.utf8.count <= 48 else { return false }
    let lower = text.lowercased()
    return families.contains { lower.hasPrefix($0) }
  }
}
