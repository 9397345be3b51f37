package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.cluster.Cluster;
import dev.weft.cluster.OwnedTable;
import dev.weft.config.SubnetsConfig;
import dev.weft.testkit.MemoryStore;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemberDirectoryTest {
  private static final String ROW = "{\"subnet\":\"10.42.2.0/24\",\"mtu\":%d}";

  private final MemoryLeases leases = new MemoryLeases();
  private final MemberDirectory directory = directory();

  @Test
  void shouldReadARowOnceUntilItChanges() {
    tell("b", ROW.formatted(1450));
    tell("c", ROW.formatted(1450));
    Map<String, MemberRow> first = directory.rows();
    leases.rows.remove(0);
    tell("b", ROW.formatted(1400));

    Map<String, MemberRow> second = directory.rows();

    assertThat(second.get("c")).isSameAs(first.get("c"));
    assertThat(second.get("b").mtu()).isEqualTo(1400);
  }

  @Test
  void shouldIgnoreARowThatCannotBeRead() {
    tell("b", "[]");
    tell("c", ROW.formatted(1450));

    assertThat(directory.rows()).containsOnlyKeys("c");
    assertThat(directory.rows()).containsOnlyKeys("c");
  }

  private void tell(String node, String json) {
    leases.rows.add(new OwnedTable.Row(node, "", json));
  }

  private MemberDirectory directory() {
    Cluster cluster = leases.seenBy("a");
    MemoryStore store = new MemoryStore();
    Absences absences = new Absences(cluster, Duration.ofHours(1), () -> 0);
    LeaseKeeper keeper =
        new LeaseKeeper(cluster, leases, store, leases.range, absences, Optional::empty);
    return new MemberDirectory(
        cluster,
        keeper,
        leases.range,
        Optional.empty(),
        new PacketCarrier.Side(SubnetsConfig.Carrier.VXLAN, true, false),
        new KnownPeers(store));
  }
}
