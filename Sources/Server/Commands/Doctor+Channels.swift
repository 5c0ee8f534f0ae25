import Delivery
import Foundation

/// Whether anybody is told when something happens.
extension Doctor {
  /// Without a domain nothing outside calls when somebody follows a link out of a leaked export.
  func checkCanaries() -> [Finding] {
    guard canaryDomain == nil else { return [] }
    return [
      Finding(
        severity: .warning, subject: "canaries",
        sentence:
          "No canary_domain is set: synthetic subjects of exports have no host names, so that only their ids are noticed (docs/OPERATIONS.md, “Canaries”)."
      )
    ]
  }

  func checkChannels() -> [Finding] {
    guard let alertChannels else {
      return [
        Finding(
          severity: .warning, subject: "alerts",
          sentence:
            "No channel is configured: alerts stand in the console alone, and nobody is told. Give a file with --alert-channels (docs/OPERATIONS.md)."
        )
      ]
    }
    do {
      let channels = try ChannelFile.read(alertChannels, data: data)
      guard !channels.isEmpty else {
        return [Finding(severity: .warning, subject: "alerts", sentence: "\(alertChannels.path) has no channel: nobody is told of alerts.")]
      }
      var findings: [Finding] = []
      for channel in channels {
        for fault in channel.faults { findings.append(Finding(severity: .problem, subject: "channel \(channel.name)", sentence: fault)) }
      }
      if !findings.isEmpty { return findings }
      return [
        Finding(
          severity: .ok, subject: "alerts",
          sentence:
            "They go to \(channels.map { "\($0.name) (\($0.target.word))" }.joined(separator: ", ")); sealane alerts test tries them.")
      ]
    } catch {
      return [Finding(severity: .problem, subject: "alerts", sentence: "\(error)")]
    }
  }
}
