import Web

/// Collects the parameters of an address in a fixed order; what equals its default is left out, so that equal reports have equal addresses.
struct ParameterList {
  private(set) var parameters: [Address.Parameter] = []

  mutating func add(_ name: String, _ value: String, unless standard: String? = nil) {
    if value != standard { parameters.append(Address.Parameter(name, value)) }
  }
}
