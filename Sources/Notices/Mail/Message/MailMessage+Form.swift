extension MailMessage {
  /// The parts of a form (RFC 7578) that was given the shape of a message, each with the name of its field.
  package var formFields: [(name: String, bytes: [UInt8])] {
    let parts = if case .parts(let parts) = root.content { parts } else { [root] }
    return parts.compactMap { part in
      guard let field = part.headers.first("content-disposition"), let name = MailParameters(field.unfolded).parameters["name"] else {
        return nil
      }
      return (name, part.decoded())
    }
  }
}
