/// Events and properties that the SDKs send of their own accord (Mixpanel's lists). A plan knows them without saying so; the gate's own
/// steps decide about their values.
package enum ReservedNames {
  package static func isEvent(_ name: String) -> Bool { name.hasPrefix("$") }

  package static func isProperty(_ name: String) -> Bool {
    name.hasPrefix("$") || name.hasPrefix("mp_") || name.hasPrefix("utm_") || name.hasPrefix("initial_utm_") || clickIDs.contains(name)
  }

  /// Cut out of landing pages by Mixpanel's JavaScript SDK.
  private static let clickIDs: Set<String> = [
    "dclid", "fbclid", "gclid", "ko_click_id", "li_fat_id", "msclkid", "sccid", "ttclid", "twclid", "wbraid",
  ]
}
