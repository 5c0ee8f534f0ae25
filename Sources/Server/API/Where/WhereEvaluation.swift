import Events
import Foundation
import Journeys

/// Decides of one event after the other whether an expression holds. The rules of types are those of mixpanel-api, 3.6; where those make
/// an error of a value that is no boolean beside `and` and `or`, it counts as undefined, since an answer that has begun cannot fail.
package struct WhereFilter: Sendable {
  private let expression: WhereExpression
  private let zone: TimeZone
  private let now: Timestamp
  private let groupKeys: Set<String>

  package init(_ expression: WhereExpression, zone: TimeZone, now: Timestamp, groupKeys: Set<String>) {
    self.expression = expression
    self.zone = zone
    self.now = now
    self.groupKeys = groupKeys
  }

  package func holds(of event: JourneyEvent) -> Bool { value(expression, event) == .boolean(true) }

  enum Value: Hashable {
    case undefined
    case null
    case number(Double)
    case string(String)
    case boolean(Bool)
    case list([Value])
    /// Whole seconds since 1970.
    case datetime(Int64)
  }

  private func value(_ expression: WhereExpression, _ event: JourneyEvent) -> Value {
    switch expression {
    case .number(let number): .number(number)
    case .string(let text): .string(text)
    case .boolean(let boolean): .boolean(boolean)
    case .list(let elements): .list(elements.map { value($0, event) })
    case .now: .number(Double(now.milliseconds / 1000))
    case .property(let name): property(name, of: event)
    case .eventName: .string(event.name)
    case .eventTime: .datetime(Int64((Double(event.time.milliseconds) / 1000).rounded(.down)))
    case .not(let inner):
      switch value(inner, event) {
      case .boolean(let boolean): .boolean(!boolean)
      case .undefined: .boolean(true)
      default: .undefined
      }
    case .negative(let inner):
      if case .number(let number) = value(inner, event) { .number(-number) } else { .undefined }
    case .binary(.and, let left, let right): .boolean(isTrue(left, event) && isTrue(right, event))
    case .binary(.or, let left, let right): .boolean(isTrue(left, event) || isTrue(right, event))
    case .binary(let operation, let left, let right): Self.apply(operation, value(left, event), value(right, event))
    case .call(let function, let argument): call(function, value(argument, event))
    }
  }

  private func isTrue(_ expression: WhereExpression, _ event: JourneyEvent) -> Bool { value(expression, event) == .boolean(true) }

  /// As a line of the export shows it.
  private func property(_ name: String, of event: JourneyEvent) -> Value {
    switch name {
    case "time": .number((Double(event.time.milliseconds) / 1000).rounded(.down))
    case "distinct_id": .string(event.subject?.text ?? "")
    default:
      event.properties.last { $0.name == name }.map { Self.value($0.value.apiJSON(prefix: groupKeys.contains(name) ? "g_" : "s_")) }
        ?? .undefined
    }
  }

  private static func value(_ json: JSONValue) -> Value {
    switch json {
    case .null: .null
    case .boolean(let boolean): .boolean(boolean)
    case .number(let number): .number(number)
    case .string(let text): .string(text)
    case .list(let elements): .list(elements.map { value($0) })
    case .object: .undefined
    }
  }

  private static func apply(_ operation: WhereExpression.Operation, _ left: Value, _ right: Value) -> Value {
    switch operation {
    case .equal: return .boolean(left == right && left != .undefined)
    case .notEqual: return .boolean(!(left == right && left != .undefined))
    case .in: return contains(right, left)
    case .notIn:
      guard case .boolean(let isIn) = contains(right, left) else { return .boolean(true) }
      return .boolean(!isIn)
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let order = order(left, right) else { return .undefined }
      switch operation {
      case .less: return .boolean(order < 0)
      case .lessOrEqual: return .boolean(order <= 0)
      case .greater: return .boolean(order > 0)
      default: return .boolean(order >= 0)
      }
    case .plus, .minus, .times, .dividedBy, .modulo: return calculated(operation, left, right)
    case .and, .or: return .undefined
    }
  }

  private static func calculated(_ operation: WhereExpression.Operation, _ left: Value, _ right: Value) -> Value {
    if operation == .plus, case .string(let left) = left, case .string(let right) = right { return .string(left + right) }
    guard case .number(let left) = left, case .number(let right) = right else { return .undefined }
    switch operation {
    case .plus: return .number(left + right)
    case .minus: return .number(left - right)
    case .times: return .number(left * right)
    case .dividedBy: return right == 0 ? .undefined : .number(left / right)
    // The sign is that of the dividend.
    default: return right == 0 ? .undefined : .number(left.truncatingRemainder(dividingBy: right))
    }
  }

  /// Below, at or above zero; nil where the two are of different types, or of none that has an order.
  private static func order(_ left: Value, _ right: Value) -> Int? {
    switch (left, right) {
    case (.number(let left), .number(let right)): left < right ? -1 : left == right ? 0 : left > right ? 1 : nil
    case (.string(let left), .string(let right)): left < right ? -1 : left == right ? 0 : 1
    case (.datetime(let left), .datetime(let right)): left < right ? -1 : left == right ? 0 : 1
    case (.boolean(let left), .boolean(let right)): (left ? 1 : 0) - (right ? 1 : 0)
    default: nil
    }
  }

  private static func contains(_ whole: Value, _ part: Value) -> Value {
    switch (whole, part) {
    case (.string(let whole), .string(let part)): .boolean(part.isEmpty || whole.contains(part))
    case (.list(let elements), let part): .boolean(part != .undefined && elements.contains(part))
    default: .undefined
    }
  }

  private func call(_ function: WhereExpression.Function, _ argument: Value) -> Value {
    switch (function, argument) {
    case (.defined, let value): .boolean(value != .undefined)
    case (.floor, .number(let number)): .number(number.rounded(.down))
    case (.ceil, .number(let number)): .number(number.rounded(.up))
    case (.round, .number(let number)): .number(number.rounded(.toNearestOrAwayFromZero))
    case (.boolean, let value): .boolean(![.string("false"), .number(0), .string(""), .boolean(false), .null, .undefined].contains(value))
    case (.number, .number): argument
    case (.number, .boolean(let boolean)): .number(boolean ? 1 : 0)
    case (.number, .string(let text)): Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .undefined
    case (.number, .datetime(let seconds)): .number(Double(seconds))
    case (.string, .string): argument
    case (.string, .number(let number)): .string(JSONValue.number(number).text)
    case (.string, .boolean(let boolean)): .string(boolean ? "true" : "false")
    case (.list, .list): argument
    case (.datetime, .datetime): argument
    case (.datetime, .number(let number)): Self.datetime(number)
    case (.datetime, .string(let text)): datetime(text)
    default: .undefined
    }
  }

  /// Seconds up to what 32 bits hold, above that milliseconds.
  private static func datetime(_ number: Double) -> Value {
    guard number > 0, number < 1e15 else { return .undefined }
    return .datetime(Int64(number <= 4_294_967_295 ? number : number / 1000))
  }

  /// ISO 8601: a day, or a day and a time; in the project's zone unless it names one.
  private func datetime(_ text: String) -> Value {
    let withZone = try? Date.ISO8601FormatStyle(includingFractionalSeconds: false).parse(text)
    let parsed =
      withZone
      ?? (try? Date.ISO8601FormatStyle(timeZone: zone).year().month().day().time(includingFractionalSeconds: false).parse(text))
      ?? (try? Date.ISO8601FormatStyle(timeZone: zone).year().month().day().parse(text))
    return parsed.map { .datetime(Int64($0.timeIntervalSince1970.rounded(.down))) } ?? .undefined
  }
}
