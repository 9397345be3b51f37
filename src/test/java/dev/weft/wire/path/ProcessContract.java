package dev.weft.wire.path;

import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;

/** The contract between two node processes: gRPC over HTTP/2 and mutual TLS. */
abstract class ProcessContract extends DriverContract {
  private ProcessCluster cluster;

  /** The value of {@code wires.driver}. */
  abstract String driver();

  @Override
  void join(TestNetns one, TestNetns two) throws Exception {
    cluster = ProcessCluster.start(directory, 2, "wires: { driver: " + driver() + " }");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    cluster.link(1, 1, "p1", ONE + "/24", 2, "p2", TWO + "/24", ", \"mtu\": " + MTU);
  }

  @Override
  void part() throws Exception {
    cluster.close();
  }
}
