import HTTPTypes

/// The signals by which a browser says that its user does not want to be followed.
enum OptOut: String, Sendable {
  /// Global Privacy Control (W3C, `Sec-GPC`).
  case globalPrivacyControl = "gpc"
  /// Tracking Preference Expression (W3C, `DNT`).
  case doNotTrack = "dnt"

  /// Nil where the request has none of them.
  init?(_ headers: HTTPFields) {
    if Self.isSet("Sec-GPC", in: headers) {
      self = .globalPrivacyControl
    } else if Self.isSet("DNT", in: headers) {
      self = .doNotTrack
    } else {
      return nil
    }
  }

  private static func isSet(_ name: String, in headers: HTTPFields) -> Bool {
    HTTPField.Name(name).flatMap { headers[$0] }?.filter { $0 != " " } == "1"
  }

  func count(_ records: Int, _ metrics: Metrics) {
    metrics.count("sealane_intake_opted_out_records_total", [("signal", rawValue)], by: records)
  }
}
