"""Links in a results file that lead nowhere or in a circle: one line from every script, and exit status 3."""
import unittest

import h5py
import numpy as np
from analysis_case import AnalysisTest, write_results

WITHOUT_VARIABLE = ["boundary.py", "heatmap.py", "histogram.py", "pca.py", "report.py"]
WITH_VARIABLE = ["bars.py", "curves.py", "pictures.py", "ranking.py", "surface.py", "violin.py"]
SCRIPTS = {**{name: [] for name in WITHOUT_VARIABLE}, **{name: ["test_accuracy"] for name in WITH_VARIABLE}}
LINKS = {
    "a name that leads to itself": {"loop": h5py.SoftLink("/loop")},
    "two that lead to each other": {"a": h5py.SoftLink("/b"), "b": h5py.SoftLink("/a")},
    "one that leads nowhere": {"test_loss": h5py.SoftLink("/nowhere")},
    "one in a group": {"provenance/rank": h5py.SoftLink("/provenance/rank")},
    "one into another file": {"test_loss": h5py.ExternalLink("no_such_file.h5", "/x")},
    "the status": {"status": h5py.SoftLink("/status")},
}


class BrokenLinks(AnalysisTest):
    def write(self, links):
        write_results(self.results, {"run": np.arange(2), "lr": [0.1, 0.2]}, {"test_accuracy": np.ones((2, 2))})
        with h5py.File(self.results, "r+") as file:
            for name, link in links.items():
                if name in file:
                    del file[name]
                file[name] = link

    def test_every_script_says_which(self):
        for links in LINKS.values():
            self.write(links)
            for script, arguments in SCRIPTS.items():
                with self.subTest(script, links=list(links)):
                    text = self.run_script(script, self.results, *arguments, status=3)
                    self.assertIn(f"{self.results}: the link /{next(iter(links))} leads nowhere, or round in a circle", text)
                    self.assertEqual(text.count("\n"), 1)

    def test_links_that_lead_somewhere_are_fine(self):
        self.write({"copy": h5py.SoftLink("/test_accuracy")})
        self.run_script("ranking.py", self.results, "test_accuracy")


if __name__ == "__main__":
    unittest.main()
