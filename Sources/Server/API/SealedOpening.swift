import Events
import Foundation
import Journeys
import SegmentStore
import Vault

/// What the custodian is given for an opening: sealed values as they are stored, and nothing that is in the clear.
struct SealedOpening: Sendable {
  let project: OpenProject
  let subjects: [String]
  let fields: Set<String>

  /// - Throws: `APIError` 404 where one of the subjects never came: then nothing is handed over.
  func values() async throws -> (numbers: [SubjectNumber], values: [JSONValue]) {
    var numbers: [SubjectNumber] = []
    var values: [JSONValue] = []
    for text in subjects {
      guard text.hasPrefix("s_") || text.hasPrefix("g_"), let pseudonym = Pseudonym(text),
        let number = project.store.reference(of: pseudonym)?.number
      else { throw APIError.notFound("One of these subjects never came to this project; nothing was handed over.") }
      numbers.append(number)
      func add(_ value: StoredValue, _ field: String, _ layer: String) {
        switch value {
        case .sealed(let sealed):
          values.append([
            "subject": .string(text), "field": .string(field), "layer": .string(layer),
            "value": .string(Data(sealed.bytes).base64EncodedString()),
          ])
        case .list(let elements): for element in elements { add(element, field, layer) }
        // Whatever a property holds was sealed under the property's own name.
        case .object(let members): for member in members { add(member.value, field, layer) }
        default: break
        }
      }
      if fields.contains(Sealing.idField), let id = try project.store.sealedID(of: pseudonym) { add(.sealed(id), Sealing.idField, "id") }
      guard let profile = try await project.engine.profile(of: pseudonym) else { continue }
      for property in profile.verified where fields.contains(property.name) { add(property.value, property.name, "verified") }
      for property in profile.unverified where fields.contains(property.name) { add(property.value, property.name, "unverified") }
    }
    return (numbers, values)
  }
}
