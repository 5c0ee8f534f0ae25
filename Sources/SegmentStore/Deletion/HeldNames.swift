/// Which names a change of the rules releases, if they are held.
package enum HeldNames: Sendable, Hashable {
  case all
  case only(Set<String>)

  func contains(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .only(let names): names.contains(name)
    }
  }
}
