import ArgumentParser
@main struct SealaneCustodian: AsyncParsableCommand {}
