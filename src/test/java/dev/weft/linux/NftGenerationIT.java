package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** That one's own changes can be told from those of others, also from those right behind them. */
@Needs(Need.ROOT)
class NftGenerationIT {
  @AutoClose private final TestNetns netns = TestNetns.create("nft");

  @Test
  void shouldTellWhatItHasWrittenFromWhatAnotherWritesBehindIt() throws Exception {
    PacketRules rules =
        new PacketRules(
            Optional.empty(),
            Optional.of(
                new PacketRules.Masquerade(
                    List.of(Cidr.parse("10.42.1.0/24")),
                    List.of(Cidr.parse("10.42.0.0/16")),
                    Optional.empty())));
    try (Netns here = netns.open();
        Nftables tables = Nftables.open(here)) {
      int alone = tables.put(rules, "weft:test");
      int untouched = tables.generation();
      int followed = tables.put(rules, "weft:test");
      netns.run("nft", "delete", "table", "inet", "weft");

      assertThat(untouched).isEqualTo(alone);
      assertThat(tables.generation()).isNotEqualTo(followed);
    }
  }

  @Test
  void shouldCountTheChangesOfAChainThatItHasMade() throws Exception {
    netns.run("iptables", "-P", "FORWARD", "DROP");
    Optional<Cidr> range = Optional.of(Cidr.parse("10.42.0.0/16"));
    List<ForwardChains.Pass> passes = List.of(new ForwardChains.Pass(range, range, false));
    try (Netns here = netns.open();
        ForwardChains chains = ForwardChains.open(here)) {
      ForwardChains.Chain chain = chains.dropping().get(0);
      int before = chains.generation();

      boolean changed = chains.keep(chain, passes, "weft:test", "weft:test 1");
      int after = chains.generation();
      boolean again = chains.keep(chain, passes, "weft:test", "weft:test 1");

      assertThat(changed).isTrue();
      assertThat(after).isEqualTo(before + 1);
      assertThat(again).isFalse();
      assertThat(chains.generation()).isEqualTo(after);
    }
  }
}
