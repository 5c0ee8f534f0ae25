extension Auditor {
  mutating func judgeFiles(_ hasRepository: Bool) {
    var seen: Set<TreePath> = []
    var withSecrets: Set<String> = []
    for entry in book.entries.values { withSecrets.formUnion(entry.finding.places.map(\.path)) }
    for file in files where seen.insert(file.path).inserted {
      let state = states[file.path] ?? .unknown
      let shown = file.path.shown
      switch file.role {
      case .environment:
        if state == .tracked {
          weak.append(
            WeakPlace(
              .environmentTracked, path: shown,
              "Git has this file: everybody who clones gets its values. Take it out with “git rm --cached”, and ignore it."))
        } else if state == .untracked {
          weak.append(WeakPlace(.environmentNotIgnored, path: shown, "No .gitignore covers this file: the next “git add .” takes it in."))
        }
      case .key:
        if state == .tracked {
          weak.append(WeakPlace(.keyFileTracked, path: shown, "Git has this private key: make a new one, and keep it elsewhere."))
        }
      case .credentials:
        // An .npmrc without a token is a setting like any other.
        if state == .tracked, withSecrets.contains(shown) {
          weak.append(
            WeakPlace(
              .credentialsTracked, path: shown,
              "Git has this file of credentials: take it out, and let programs read them from their environment."))
        }
      }
      if file.mode & 0o044 != 0, file.role == .key, state != .tracked {
        weak.append(WeakPlace(.keyFileReadable, path: shown, "Other users of this machine can read this private key: chmod 600."))
      }
    }
  }
}
