extension String {
  /// With its first letter in upper case: `week` → `Week`.
  var withInitial: String { prefix(1).uppercased() + dropFirst() }
}
