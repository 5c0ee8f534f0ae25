import Access
import Events
import Synchronization

/// Counts in memory what browsers report, until it is written down: a site's every visitor may report at once.
package final class ThirdPartyMeter: Sendable {
  /// Of host and directive, between two writings.
  package static let most = 5_000

  private let counts = Mutex<[CSPReport: Int]>([:])

  package init() {}

  /// - Returns: how many were left out.
  package func add(_ reports: [CSPReport]) -> Int {
    counts.withLock { counts in
      var leftOut = 0
      for report in reports {
        if let count = counts[report] {
          counts[report] = count + 1
        } else if counts.count < Self.most {
          counts[report] = 1
        } else {
          leftOut += 1
        }
      }
      return leftOut
    }
  }

  package func drain() -> [ThirdPartySighting] {
    let counts = counts.withLock { counts in
      defer { counts = [:] }
      return counts
    }
    return counts.map { ThirdPartySighting(host: $0.host, directive: $0.directive, count: $1) }
      .sorted { ($0.host, $0.directive) < ($1.host, $1.directive) }
  }

  func putBack(_ sightings: [ThirdPartySighting]) {
    counts.withLock { counts in
      for sighting in sightings {
        let report = CSPReport(host: sighting.host, directive: sighting.directive)
        if counts[report] != nil || counts.count < Self.most { counts[report, default: 0] += sighting.count }
      }
    }
  }
}
