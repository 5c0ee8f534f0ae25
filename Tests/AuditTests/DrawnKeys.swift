import Audit
import Foundation
import TestSupport

/// Keys that nobody issued, put together here so that none stands in this repository.
enum DrawnKeys {
  static let mixed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  static let hexadecimal = "0123456789abcdef"

  struct Key: Sendable {
    var provider: String
    var prefix: String
    var text: String
  }

  static func all(_ dice: inout SeededGenerator) -> [Key] {
    let mark = "T3Blbk" + "FJ"
    var keys: [Key] = []
    func add(_ provider: String, _ prefix: String, _ rest: String) {
      keys.append(Key(provider: provider, prefix: prefix, text: prefix + rest))
    }
    add("OpenAI", "sk-" + "proj-", dice.text(mixed, 58) + mark + dice.text(mixed, 58))
    add("OpenAI", "sk-", dice.text(mixed, 20) + mark + dice.text(mixed, 20))
    add("Anthropic", "sk-" + "ant-", "api03-" + dice.text(mixed, 93) + "AA")
    add("AWS", "AK" + "IA", dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
    add("GitHub", "github" + "_pat_", dice.text(mixed, 22) + "_" + dice.text(mixed, 59))
    add("GitLab", "gl" + "pat-", dice.text(mixed, 20))
    add("Slack", "xox" + "b-", dice.text("123456789", 12) + "-" + dice.text("123456789", 12) + "-" + dice.text(mixed, 24))
    add("Stripe", "sk" + "_live_", dice.text(mixed, 24))
    add("Google", "AI" + "za", dice.text(mixed, 35))
    add("SendGrid", "S" + "G.", dice.text(mixed, 22) + "." + dice.text(mixed, 43))
    add("DigitalOcean", "do" + "p_v1_", dice.text(hexadecimal, 64))
    add("Mailgun", "ke" + "y-", dice.text(hexadecimal, 32))
    add("OpenRouter", "sk-" + "or-", "v1-" + dice.text(hexadecimal, 64))
    return keys
  }

  /// Every candidate of a text, with its letters.
  static func found(in text: String, path: String = "a.py") -> [(candidate: Candidate, text: String)] {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { all in
      KeyScanner(FileKind(path)).scan(all).map { ($0, String(decoding: all[$0.range], as: UTF8.self)) }
    }
  }
}
