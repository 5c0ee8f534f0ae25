import Foundation
import Yams

/// Values of settings as text, with the place that each came from, so that an error can name it.
package struct Settings: Sendable {
  package struct Entry: Sendable, Hashable {
    package let value: String
    /// `--listen`, `SEALANE_LISTEN`, or `listen in /etc/sealane.yaml`.
    package let origin: String
  }

  package private(set) var entries: [Setting: Entry] = [:]
  /// `SEALANE_…` variables that mean nothing here: worth a warning, since somebody meant something by them.
  package private(set) var unknownVariables: [String] = []

  /// Merges the three sources: a flag goes before the environment, the environment before the file.
  package init(flags: [Setting: String], environment: [String: String], file: URL?) throws(ConfigurationError) {
    if let file { try read(file) }
    for (name, value) in environment where name.hasPrefix("SEALANE_") && name != "SEALANE_CONFIG" {
      if let setting = Setting.allCases.first(where: { $0.environmentName == name }) {
        entries[setting] = Entry(value: value, origin: name)
      } else {
        unknownVariables.append(name)
      }
    }
    for (setting, value) in flags {
      entries[setting] = Entry(value: value, origin: "--" + setting.rawValue.replacing("_", with: "-"))
    }
    unknownVariables.sort()
  }

  package subscript(_ setting: Setting) -> String? { entries[setting]?.value }

  /// The value parsed by `parse`, or `otherwise` where none was given. An unusable value is an error that says where it stands.
  package func value<Value>(
    _ setting: Setting, default otherwise: Value, _ expected: String, _ parse: (String) -> Value?
  ) throws(ConfigurationError) -> Value {
    guard let entry = entries[setting] else { return otherwise }
    guard let value = parse(entry.value) else {
      throw ConfigurationError("\(entry.origin) is “\(entry.value)”, which is not \(expected).")
    }
    return value
  }

  private mutating func read(_ file: URL) throws(ConfigurationError) {
    let text: String
    do { text = try String(contentsOf: file, encoding: .utf8) } catch {
      throw ConfigurationError("The configuration file \(file.path) cannot be read as text. Is the path right, and may this user read it?")
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw ConfigurationError("The configuration file \(file.path) is not valid YAML: \(error)")
    }
    guard let root else { return }
    guard let mapping = root.mapping else {
      throw ConfigurationError("The configuration file \(file.path) must be a mapping such as “listen: 127.0.0.1:8000”.")
    }
    for (key, node) in mapping {
      guard let name = key.string, let setting = Setting(rawValue: name) else {
        let known = Setting.allCases.map(\.rawValue).joined(separator: ", ")
        throw ConfigurationError("\(file.path) has the unknown key “\(key.string ?? "?")”. Known are: \(known).")
      }
      let value: String
      if let scalar = node.scalar {
        value = scalar.string
      } else if setting == .trustedProxies, let sequence = node.sequence {
        value = sequence.compactMap(\.string).joined(separator: ",")
      } else {
        throw ConfigurationError("“\(name)” in \(file.path) must be one value.")
      }
      entries[setting] = Entry(value: value, origin: "“\(name)” in \(file.path)")
    }
  }
}

/// What is wrong with the configuration, where, and what to do.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible, LocalizedError {
  package let description: String
  package init(_ description: String) { self.description = description }
  package var errorDescription: String? { description }
}
