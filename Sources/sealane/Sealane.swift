import ArgumentParser
@main struct Sealane: AsyncParsableCommand { static let configuration = CommandConfiguration(commandName: "sealane") }
