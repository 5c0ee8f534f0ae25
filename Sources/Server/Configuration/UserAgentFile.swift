import Foundation
import Gate
import Yams

/// The file of expressions that tells browser and system of user agents: `regexes.yaml` of uap-core, as Debian packs it.
package enum UserAgentFile {
  /// Where Debian's package `uap-core` puts it.
  package static let standard = "/usr/share/uap-core/regexes.yaml"
  static let mostBytes = 8 << 20

  /// - Parameter setting: a path, or `none`. Nil: the standard one, if it is there.
  static func location(_ setting: String?) -> URL? {
    switch setting {
    case "none": nil
    case let path?: URL(fileURLWithPath: path)
    case nil: FileManager.default.isReadableFile(atPath: standard) ? URL(fileURLWithPath: standard) : nil
    }
  }

  package static func open(_ file: URL) throws(ConfigurationError) -> UserAgents {
    func unreadable(_ reason: String) -> ConfigurationError {
      ConfigurationError(
        "The user agents' file \(file.path) cannot be read: \(reason) Give the path of uap-core's regexes.yaml (Debian: apt-get install uap-core), "
          + "or none.")
    }
    guard let handle = FileHandle(forReadingAtPath: file.path), let data = try? handle.read(upToCount: mostBytes + 1) else {
      throw unreadable("it is missing, empty, or closed to this user.")
    }
    guard data.count <= mostBytes else { throw unreadable("it is larger than \(mostBytes) bytes.") }
    guard let text = String(validating: data, as: UTF8.self), let root = try? Yams.compose(yaml: text), let members = root.mapping else {
      throw unreadable("it is not YAML.")
    }
    let browsers = expressions(members["user_agent_parsers"], name: "family_replacement")
    let systems = expressions(members["os_parsers"], name: "os_replacement")
    guard let browsers, let systems, !browsers.isEmpty, !systems.isEmpty else {
      throw unreadable("it has not the lists user_agent_parsers and os_parsers, each of them with “regex” in every entry.")
    }
    return UserAgents(browsers: browsers, systems: systems)
  }

  private static func expressions(_ list: Node?, name: String) -> [UserAgents.Expression]? {
    guard let elements = list?.sequence else { return nil }
    var all: [UserAgents.Expression] = []
    for element in elements {
      guard let members = element.mapping, let pattern = members["regex"]?.string else { return nil }
      // uap-core's only flag, so far on devices alone.
      let ignoresCase = members["regex_flag"]?.string == "i"
      all.append(UserAgents.Expression((ignoresCase ? "(?i)" : "") + pattern, name: members[name]?.string))
    }
    return all
  }
}
