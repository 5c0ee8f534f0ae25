/// What a file is, by its path: decides which judges look at it, and what a key in it means.
package struct FileKind: Sendable, Hashable {
  /// What makes a place worse or better.
  package enum Trait: String, Sendable, Codable, CaseIterable {
    case environment = "env_file"
    case frontEnd = "front_end"
    case pipeline = "ci"
    case container = "container"
    case notebook
    case mobile
    case test
    case documentation
    case credentials = "credentials_file"
  }

  package var traits: Set<Trait> = []
  /// Checksums of others' packages: only whole keys and passwords in addresses are looked for.
  var isLockfile = false
  /// Values stand there without quotes.
  var isConfiguration = false
  /// A template of an environment file, meant to be in git.
  var isTemplate = false
  /// Drawn texts without a name mean nothing there.
  var isGenerated = false

  /// - Parameter path: with slashes, from the root of what is looked at.
  package init(_ path: String, isBrowserApp: Bool = false) {
    let whole = path.lowercased()
    let parts = whole.split(separator: "/").map(String.init)
    let name = parts.last ?? ""
    let folders = Set(parts.dropLast())
    let ending = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""

    isTemplate = ["example", "sample", "template", "dist", "tmpl", "tpl", "defaults"].contains(ending) || name.contains(".example.")
    let isEnvironment = name == ".env" || name.hasPrefix(".env.") || ending == "env" || name == ".envrc" || name.hasPrefix("env.")
    if isEnvironment, !isTemplate, ending != "js", ending != "ts" { traits.insert(.environment) }
    isLockfile =
      Self.lockfiles.contains(name) || ending == "lock" || ending == "sum" || name.hasSuffix(".lock.json") || name.hasSuffix("-lock.json")
      || ["sha256", "sha512", "sha1", "md5", "sig", "asc"].contains(ending) || name.hasPrefix("sha256sums") || name.hasPrefix("checksums")
    isConfiguration =
      isEnvironment || Self.configurations.contains(ending) || Self.configurationNames.contains(name) || name.hasPrefix("dockerfile")
      || name.hasPrefix(".env")
    isGenerated =
      isLockfile
      || ["map", "svg", "css", "ipynb", "snap", "pem", "crt", "cer", "csv", "tsv", "po", "pbxproj", "storyboard", "xib"].contains(ending)
      || name.contains(".min.") || name.hasSuffix(".pb.go") || name.hasSuffix("_pb2.py") || name.hasSuffix(".d.ts")

    let isScript = ["js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "html", "htm", "map"].contains(ending)
    let isServed = !folders.isDisjoint(with: [
      "public", "static", "dist", "www", "wwwroot", "htdocs", "public_html", "_next", ".next", "out",
    ])
    if isScript || ending == "json" || ending == "css" {
      if isServed && (isScript || folders.contains("public") || folders.contains("static")) { traits.insert(.frontEnd) }
      if name.contains(".bundle.") || name.contains(".chunk.") || name.contains(".min.")
        || ["jsx", "vue", "svelte", "html", "htm"].contains(ending)
      {
        traits.insert(.frontEnd)
      }
      if isBrowserApp, isScript, folders.contains("src") || folders.contains("app") || folders.contains("components") {
        traits.insert(.frontEnd)
      }
    }
    if whole.contains(".github/workflows/") || folders.contains(".circleci") || folders.contains(".buildkite")
      || Self.pipelines.contains(name)
      || name.hasPrefix("jenkinsfile")
    {
      traits.insert(.pipeline)
    }
    if name.hasPrefix("dockerfile") || name.hasPrefix("docker-compose") || name.hasPrefix("compose.") || ending == "dockerfile" {
      traits.insert(.container)
    }
    if ending == "ipynb" { traits.insert(.notebook) }
    if ["plist", "xcconfig", "swift", "kt", "dart"].contains(ending)
      && (folders.contains("ios") || folders.contains("android") || ending == "plist" || ending == "xcconfig")
      || name == "google-services.json" || name == "googleservice-info.plist" || name == "androidmanifest.xml" || name == "local.properties"
      || whole.contains("/res/values") || whole.hasPrefix("res/values") || whole.contains("res/raw/")
    {
      traits.insert(.mobile)
    }
    if !folders.isDisjoint(with: Self.testFolders) || folders.contains(where: { $0.hasSuffix("tests") }) || name.contains("_test.")
      || name.contains(".test.") || name.contains(".spec.")
      || name.hasPrefix("test_") || name.hasPrefix("conftest")
    {
      traits.insert(.test)
    }
    if ["md", "mdx", "rst", "adoc", "txt"].contains(ending) || !folders.isDisjoint(with: ["docs", "doc", "documentation"])
      || name.hasPrefix("readme") || name == "metadata" || name == "pkg-info"
    {
      traits.insert(.documentation)
    }
    if Self.credentialNames.contains(name) || (name == "config.json" && folders.contains(".docker"))
      || (name == "credentials" && folders.contains(".aws"))
    {
      traits.insert(.credentials)
    }
  }

  static let lockfiles: Set<String> = [
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "cargo.lock", "go.sum", "gemfile.lock", "poetry.lock",
    "composer.lock", "pipfile.lock", "package.resolved", "podfile.lock", "cartfile.resolved", "packages.lock.json", "mix.lock",
    "flake.lock",
    "uv.lock", "pdm.lock", "bun.lock", "deno.lock", "gradle.lockfile", "verification-metadata.xml",
  ]
  private static let configurations: Set<String> = [
    "env", "yml", "yaml", "ini", "toml", "cfg", "conf", "config", "properties", "tfvars", "cnf", "sh", "bash", "zsh", "fish", "xcconfig",
    "service",
    "netrc", "npmrc", "pypirc", "example", "dockerfile", "sample", "template", "dist",
  ]
  private static let configurationNames: Set<String> = [
    ".npmrc", ".pypirc", ".netrc", "_netrc", ".yarnrc", ".pgpass", ".my.cnf", ".s3cfg", ".boto", "credentials", "jenkinsfile", ".htpasswd",
    ".envrc",
    "procfile", "makefile", ".bashrc", ".zshrc", ".profile", ".bash_profile", ".git-credentials",
  ]
  private static let credentialNames: Set<String> = [
    ".npmrc", ".pypirc", ".netrc", "_netrc", ".dockercfg", ".pgpass", ".my.cnf", ".s3cfg", ".git-credentials", ".yarnrc", ".yarnrc.yml",
    "credentials.json",
  ]
  private static let pipelines: Set<String> = [
    ".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".travis.yml", ".drone.yml", "appveyor.yml", "cloudbuild.yaml",
    "buildspec.yml",
    ".woodpecker.yml",
  ]
  private static let testFolders: Set<String> = [
    "test", "tests", "spec", "specs", "__tests__", "__mocks__", "fixtures", "testdata", "test-data", "mocks", "e2e", "cypress", "examples",
    "example",
  ]
}
