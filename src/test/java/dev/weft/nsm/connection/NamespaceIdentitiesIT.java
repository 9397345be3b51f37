package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@Needs(Need.ROOT)
class NamespaceIdentitiesIT {
  @AutoClose private final TestNetns netns = TestNetns.create("identity");
  private final NamespaceIdentities identities = new NamespaceIdentities();

  @Test
  void shouldTellANamespaceFromTheNextOneWithItsInodeNumber() throws Exception {
    // Given
    String ref = netns.name();
    long before = identity(ref);
    long inode = Netns.inodeOf(ref);

    // When: the kernel gives the lowest free number, so the lower ones are kept in use
    List<Netns> lower = new ArrayList<>();
    try {
      Netns.delete(ref);
      Netns.create(ref);
      await("the kernel gives the number again")
          .until(
              () -> {
                if (Netns.inodeOf(ref) == inode) {
                  return true;
                }
                lower.add(Netns.open(ref));
                Netns.delete(ref);
                Netns.create(ref);
                return false;
              });
    } finally {
      lower.forEach(Netns::close);
    }

    // Then
    assertThat(identity(ref)).isNotEqualTo(before).isEqualTo(Netns.cookieOf(ref));
  }

  @Test
  void shouldKnowNoNamespaceWhereNoneIs() {
    assertThat(identity("no-such-namespace")).isZero();
    assertThat(identity("/etc/passwd")).isZero();
  }

  private long identity(String ref) {
    return identities.of(List.of(ref)).get(ref);
  }
}
