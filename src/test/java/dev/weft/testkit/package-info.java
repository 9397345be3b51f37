/**
 * What the tests of all rooms share: what a test needs of the host ({@link
 * dev.weft.testkit.Needs}), and network namespaces that go away with the test ({@link
 * dev.weft.testkit.TestNetns}).
 */
package dev.weft.testkit;
