extension LegalClocks {
  /// What is known here. No law is quoted; a company's counsel may give a file of its own.
  package static let known: LegalClocks = {
    do { return try LegalClocks(json: Array(knownText.utf8)) } catch {
      // A test reads the text: this cannot come about in what is delivered, and an incident without clocks is still one.
      return LegalClocks(version: "unreadable", rules: [])
    }
  }()

  package static let knownText = """
    {"version": "2026-11-01", "rules": [
      {"id": "gdpr-33-2", "title": "GDPR Art. 33(2)", "to": "the controller, by its processor", "starts": [{"moment": "first_signal"}],
       "source": "Regulation (EU) 2016/679, Art. 33(2)", "note": "Without undue delay. It is what a vendor owes the company; how long it took is shown."},
      {"id": "gdpr-33-1", "title": "GDPR Art. 33(1)", "to": "the supervisory authority",
       "starts": [{"moment": "certain", "hours": 72}, {"moment": "vendor_told_us", "hours": 72}], "done": "authority_told",
       "source": "Regulation (EU) 2016/679, Art. 33(1); EDPB Guidelines 9/2022",
       "note": "From reasonable certainty on; what a processor says counts as being aware. Later needs reasons; it may be told in phases."},
      {"id": "gdpr-34", "title": "GDPR Art. 34", "to": "the people", "starts": [{"moment": "high_risk_found"}], "done": "people_told",
       "source": "Regulation (EU) 2016/679, Art. 34", "note": "Without undue delay where the risk is high; not where the data are unintelligible to whoever took them."},
      {"id": "nis2-early", "title": "NIS2 Art. 23, early warning", "to": "the CSIRT or authority", "starts": [{"moment": "certain", "hours": 24}],
       "done": "authority_told", "source": "Directive (EU) 2022/2555, Art. 23(4)(a)", "note": "Of a significant incident, for entities that it covers."},
      {"id": "nis2-notification", "title": "NIS2 Art. 23, notification", "to": "the CSIRT or authority", "starts": [{"moment": "certain", "hours": 72}],
       "done": "authority_told", "source": "Directive (EU) 2022/2555, Art. 23(4)(b)", "note": "Recipients of the service are told too, where they are affected."},
      {"id": "nis2-final", "title": "NIS2 Art. 23, final report", "to": "the CSIRT or authority", "starts": [{"moment": "authority_told", "hours": 720}],
       "source": "Directive (EU) 2022/2555, Art. 23(4)(d)", "note": "A month after the notification, counted as 30 days."},
      {"id": "dora-initial", "title": "DORA, initial notification", "to": "the competent authority",
       "starts": [{"moment": "classified_major", "hours": 4}, {"moment": "certain", "hours": 24}], "done": "authority_told",
       "source": "Regulation (EU) 2022/2554, Art. 19; Delegated Regulation (EU) 2025/301", "note": "Four hours after it is classified as major, a day after becoming aware at the latest."},
      {"id": "dora-intermediate", "title": "DORA, intermediate report", "to": "the competent authority", "starts": [{"moment": "authority_told", "hours": 72}],
       "source": "Delegated Regulation (EU) 2025/301", "note": "Three days after the initial notification."},
      {"id": "ca-people", "title": "California Civil Code 1798.82", "to": "residents", "starts": [{"moment": "certain", "hours": 720}], "done": "people_told",
       "source": "California SB 446 (2025), as the press reports it", "note": "30 days after discovery; the Attorney General 15 days later where more than 500 are told."},
      {"id": "sec-8k", "title": "SEC Form 8-K, item 1.05", "to": "investors", "starts": [{"moment": "materiality_decided", "hours": 96}],
       "source": "17 CFR 249.308; SEC release 33-11216", "note": "Four business days, counted here as four days."}
    ]}
    """
}
