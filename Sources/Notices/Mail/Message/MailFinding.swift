/// Something about the form of a message that whoever judges it should know. None is a verdict.
package enum MailFinding: String, Sendable, Hashable, CaseIterable {
  /// More than `MailLimits` allow; the rest was not read.
  case tooLarge, tooManyFields, nestedTooDeep, tooManyParts, textTooLong, tooManyLinks
  /// A line among the headers that is no field.
  case malformedField
  /// A CR without LF among the headers: a line end to some programs.
  case bareCarriageReturn
  /// A field that may stand once (RFC 5322, section 3.6) stands twice: programs differ in which one they show.
  case repeatedField
  /// A multipart without a boundary, or without its last line.
  case missingBoundary, unterminatedMultipart
  /// Of a transfer encoding or charset that nobody knows, or that the bytes are not of.
  case unknownEncoding, badEncoding, unknownCharset, badCharset
  /// Alternatives beside plain text and HTML, which some programs show instead.
  case otherAlternative
  /// Text that a reader does not see, or sees struck out. Programs differ in which styles they follow: it is to be judged as well.
  case hiddenText
  /// A style whose reach is not known here, and that hides text or adds some.
  case hidingStyle
  /// An image that is fetched when the message is shown.
  case remoteImage
  /// A form, a script, or another page in a frame.
  case form, script, frame
  /// Characters or styles that turn the direction of text around.
  case bidirectional
  /// A display name that looks like an address.
  case nameHoldsAddress
}
