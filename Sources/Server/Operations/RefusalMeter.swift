import Access
import Console
import Events
import HTTPTypes
import Hummingbird
import Synchronization

/// Calls that were refused for want of a credential or of rights, counted by what is alike of them until they are told to the channels.
///
/// In memory and bounded: whoever knocks a million times makes one line. Addresses and what was asked for are not kept.
final class RefusalMeter: Sendable {
  private struct Key: Hashable {
    let status: Int
    let method: String
    let route: String
    let door: String
    let account: String?
    let reason: String?
  }
  private struct State {
    var messages: [Key: RefusalMessage] = [:]
    var lost = 0
  }
  /// Kinds that are told apart until the next time that they are taken.
  static let most = 200

  private let access: ControlDatabase
  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())

  init(access: ControlDatabase, clock: @escaping @Sendable () -> Timestamp) {
    self.access = access
    self.clock = clock
  }

  /// - Parameter route: the pattern.
  func note(_ request: Request, status: Int, mark: RefusalMark?, method: String, route: String, door: String) {
    var reason: String?
    switch mark {
    case .step: return
    case .reason(let word): reason = word
    case nil: guard status == 401 || status == 403 else { return }
    }
    let named = request.headers[.authorization].flatMap { Authenticator.basic($0)?.name }
    // What somebody typed is kept only where it is an id of ours: it may be a secret otherwise.
    let account = named.flatMap { access.isServiceAccount($0) ? $0 : nil }
    let now = clock()
    let key = Key(status: status, method: method, route: route, door: door, account: account, reason: reason)
    state.withLock { state in
      if state.messages[key] == nil {
        guard state.messages.count < Self.most else {
          state.lost += 1
          return
        }
        state.messages[key] = RefusalMessage(
          status: status, method: method, route: route, door: door, account: account, reason: reason, at: now)
      } else {
        state.messages[key]?.count += 1
        state.messages[key]?.last = now.milliseconds
      }
    }
  }

  /// What came since the last time, and how much of it was left out.
  func take() -> (messages: [RefusalMessage], lost: Int) {
    state.withLock { state in
      defer { state = State() }
      return (state.messages.values.sorted { $0.first < $1.first }, state.lost)
    }
  }
}
