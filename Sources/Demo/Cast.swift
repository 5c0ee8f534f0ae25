/// The fictional world of the demo. None of it exists; domains are reserved ones (RFC 2606), addresses documentation ranges (RFC 5737).
enum Cast {
  static let organizations = [
    "Brightfen Bank", "Sorrel & Finch", "Tidewater Maps", "Cobalt Kiln", "Marram Health", "Juniper Freight", "Halyard Games",
    "Lantern Press",
    "Oxbow Robotics", "Pemberley Labs", "Quarry Lane", "Rookwood Travel", "Saltmarsh Energy", "Thistle & Co", "Umber Studio",
    "Vellum Legal",
    "Wicker Retail", "Yarrow Biotech", "Zephyr Rail", "Alder Court", "Bramble Foods", "Cinder Security", "Dunlin Insurance",
    "Ember Learning",
  ]
  static let organizationKinds = [
    "Works", "Group", "Systems", "Partners", "Digital", "Research", "Cloud", "Media", "Collective", "Foundry",
  ]
  static let industries = ["finance", "retail", "health", "logistics", "games", "media", "robotics", "energy", "education", "security"]
  static let firstNames = [
    "Avery", "Bela", "Carmen", "Dario", "Elif", "Farid", "Greta", "Hanna", "Ivo", "Jonas", "Kaya", "Lior", "Mina", "Nils", "Oona", "Priya",
    "Quentin", "Rosa", "Samir", "Tomas", "Uma", "Vera", "Wanda", "Xenia", "Yusuf", "Zofia",
  ]
  static let lastNames = [
    "Aldous", "Berg", "Castell", "Dragan", "Eklund", "Farkas", "Gruber", "Holm", "Ivanic", "Jansen", "Kovar", "Lindqvist", "Moreau",
    "Novak",
    "Okafor", "Petrov", "Quist", "Rossi", "Sandor", "Tanaka", "Ulrich", "Varga", "Weiss", "Yilmaz", "Zeman",
  ]
  static let models = ["orrery-large-2", "orrery-small-2", "orrery-embed-1", "orrery-vision-1", "orrery-large-1", "orrery-code-1"]
  static let sdks = ["python", "typescript", "curl", "go", "java"]
  static let systems = ["Mac OS X", "Windows", "Linux", "iOS", "Android"]
  static let browsers = ["Chrome", "Safari", "Firefox", "Edge", "Mobile Safari"]
  static let referrers = ["$direct", "search.example", "news.example", "forum.example", "video.example", "newsletter.example"]
  static let places: [(city: String, region: String, country: String)] = [
    ("Berlin", "Berlin", "DE"), ("Lyon", "Auvergne-Rhone-Alpes", "FR"), ("Austin", "Texas", "US"), ("Portland", "Oregon", "US"),
    ("Toronto", "Ontario", "CA"), ("Leeds", "England", "GB"), ("Pune", "Maharashtra", "IN"), ("Osaka", "Osaka", "JP"),
    ("Recife", "Pernambuco", "BR"), ("Nairobi", "Nairobi", "KE"), ("Gdansk", "Pomerania", "PL"), ("Seville", "Andalusia", "ES"),
  ]
  static let addressRanges = ["192.0.2.", "198.51.100.", "203.0.113."]
  static let plans = ["free", "build", "scale", "enterprise"]
}

struct Organization: Sendable {
  let id: String
  let name: String
  let domain: String
  let industry: String
  let place: Int
  var plan: Int

  init(index: Int, random: inout SeededRandom) {
    let base = Cast.organizations[index % Cast.organizations.count]
    let round = index / Cast.organizations.count
    let kind = round == 0 ? "" : " " + Cast.organizationKinds[(round - 1) % Cast.organizationKinds.count]
    let number = round <= Cast.organizationKinds.count ? "" : " \(round / Cast.organizationKinds.count + 1)"
    name = base + kind + number
    let slug = String(
      name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }
    ).split(separator: "-", omittingEmptySubsequences: true).joined(separator: "-")
    id = "org_" + slug
    domain = slug + ".example"
    industry = random.pick(Cast.industries)
    place = random.rank(of: Cast.places.count)
    plan = min(3, [0, 0, 0, 1, 1, 2, 3][random.below(7)])
  }
}
