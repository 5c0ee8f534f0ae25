extension LetterTemplate {
  private static let advice = """
    What you should do, in this order
    1. Turn on a passkey, or another second factor, for your account.
    2. Expect messages that use this incident: about billing, about a quota, about a suspicious login, about keys to replace. Do not follow links in them, and do not answer them.
    3. {{rotate_keys}}

    What we will never ask
    We never ask for your password, a code, a key, a payment or access to your computer, not by mail, by phone or in a chat. This message has no links, and it needs no answer.

    How to check that this message is ours
    Open our console as you always do, then Security, then Messages: this check code stands there. The file that is attached proves it to anybody who has our public key.
    Check code: {{check_code}}

    Questions: {{contact}}
    Next update: {{next_update}}

    {{company}}
    Case {{case}}
    """

  static let english: [LetterTemplate] = [
    LetterTemplate(
      LetterKind(.person, .en), subject: "{{company}}: an incident that concerns your data (case {{case}})",
      body: """
        This message is about one thing: somebody had access to data about you who should not have had it.

        What happened
        {{what_happened}}

        Which of your data
        {{fields}}

        What was not involved
        {{not_involved}}

        Since when we know
        {{when_we_knew}}

        What we did
        {{what_we_did}}

        \(advice)
        """),
    toOrganization(
      .administrator, because: "You get it because you administer this organization with us. The people themselves are told too."),
    toOrganization(
      .contact,
      because:
        "You get it because this is the address that the organization gave us. Its administrators are told as well, and so are the people themselves."
    ),
  ]

  /// The same to an organization's administrators and to its contact, but for why they get it.
  private static func toOrganization(_ audience: Audience, because reason: String) -> LetterTemplate {
    LetterTemplate(
      LetterKind(audience, .en),
      subject: "{{company}}: an incident that concerns people of {{organization}} (case {{case}})",
      body: """
        This message is about one thing: somebody had access to data about people of {{organization}} who should not have had it. \(reason)

        What happened
        {{what_happened}}

        Whom of your organization it concerns, and which data
        {{people}}

        What was not involved
        {{not_involved}}

        Since when we know
        {{when_we_knew}}

        What we did
        {{what_we_did}}

        \(advice)
        """)
  }
}
