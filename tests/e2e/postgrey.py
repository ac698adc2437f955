"""postgrey, the policy server that Postfix asks: greylisting as it is in the field, but for a
delay of two seconds."""
import os
import pwd

import net
from services import wait_for

DELAY_S = 2


def start(services):
    owner = pwd.getpwnam("postgrey")
    folder = os.path.join(services.folder, "postgrey")
    os.makedirs(folder)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    nobody = services.write("postgrey-whitelist", "# nobody\n")
    services.start("postgrey", "postgrey", f"--inet={net.POSTGREY_IP}:10023",
                   f"--delay={DELAY_S}", f"--dbdir={folder}", f"--whitelist-clients={nobody}",
                   f"--whitelist-recipients={nobody}", "--auto-whitelist-clients=0",
                   f"--pidfile={folder}/pid")
    wait_for("postgrey", net.POSTGREY_IP, 10023)
