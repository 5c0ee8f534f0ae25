/// Canonical numbers of subjects or organizations, ascending and different.
package struct ActorSet: Sendable, Hashable {
  package let numbers: [UInt32]

  package init(ascending numbers: [UInt32]) { self.numbers = numbers }

  package func contains(_ number: UInt32) -> Bool {
    let index = numbers.firstIndex(fromWhich: { $0 >= number })
    return index < numbers.count && numbers[index] == number
  }
}
