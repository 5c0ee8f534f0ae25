import Relay
import Testing

struct DeclarationTests {
  @Test func reads() throws {}
}
