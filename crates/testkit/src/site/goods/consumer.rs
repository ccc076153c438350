//! Protection, packaging, stationery, household, food.

use super::{Category, ONE, Words, fresh, plain};

/// 劳保
pub(super) const PROTECTION: Category = Category {
    prefix: "LB",
    items: 130,
    products: &[
        plain(
            ("丁腈手套", "Nitrile gloves"),
            "box",
            12,
            SIZES,
            FOUR_COLOURS,
        ),
        plain(
            ("棉纱手套", "Cotton gloves"),
            "pcs",
            24,
            SIZES,
            FOUR_COLOURS,
        ),
        plain(("防割手套", "Cut-resistant gloves"), "pcs", 12, SIZES, ONE),
        plain(("劳保鞋", "Safety shoes"), "pcs", 1, SHOES, SOLES),
        plain(
            ("反光背心", "High-visibility vest"),
            "pcs",
            24,
            SIZES,
            FOUR_COLOURS,
        ),
        plain(("安全帽", "Safety helmet"), "pcs", 12, COLOURS, ONE),
        plain(
            ("防尘口罩（50只）", "Dust masks (50)"),
            "box",
            12,
            MASKS,
            FOUR_COLOURS,
        ),
        plain(("降噪耳塞", "Ear plugs"), "box", 24, DECIBELS, FOUR_COLOURS),
        plain(("雨衣", "Raincoat"), "pcs", 12, SIZES, FOUR_COLOURS),
        plain(("护目镜", "Safety goggles"), "pcs", 12, FOUR_COLOURS, ONE),
    ],
};

/// 包装
pub(super) const PACKAGING: Category = Category {
    prefix: "BZ",
    items: 150,
    products: &[
        plain(("纸箱", "Carton"), "pcs", 1, CARTONS, LAYERS),
        plain(
            ("封箱胶带", "Packing tape"),
            "pcs",
            12,
            TAPE_WIDTHS,
            TAPE_KINDS,
        ),
        plain(("自封袋", "Zip bag"), "pcs", 1, BAGS, MICRONS),
        plain(("平口袋", "Poly bag"), "pcs", 1, BAGS, MICRONS),
        plain(("缠绕膜", "Stretch film"), "pcs", 6, FILM, FOUR_COLOURS),
        plain(("气泡膜", "Bubble wrap"), "m", 1, FILM, ONE),
        plain(("标签纸", "Label roll"), "pcs", 24, LABELS, LABEL_KINDS),
        plain(("快递袋", "Mailing bag"), "pcs", 1, BAGS, FOUR_COLOURS),
    ],
};

/// 文具
pub(super) const STATIONERY: Category = Category {
    prefix: "WJ",
    items: 200,
    products: &[
        plain(("中性笔", "Gel pen"), "pcs", 12, TIPS, FOUR_COLOURS),
        plain(("圆珠笔", "Ball pen"), "pcs", 12, TIPS, FOUR_COLOURS),
        plain(("记号笔", "Marker"), "pcs", 12, COLOURS, ONE),
        plain(("荧光笔", "Highlighter"), "pcs", 12, COLOURS, ONE),
        plain(
            ("复印纸（5包）", "Copy paper (5 reams)"),
            "box",
            1,
            SHEETS,
            GRAMS_PAPER,
        ),
        plain(("笔记本", "Notebook"), "pcs", 24, SHEETS, PAGES),
        plain(("线圈本", "Spiral notebook"), "pcs", 24, SHEETS, PAGES),
        plain(("文件夹", "File folder"), "pcs", 12, SHEETS, COLOURS),
        plain(("便利贴", "Sticky notes"), "pcs", 24, NOTES, COLOURS),
        plain(("文件盒", "Document box"), "pcs", 6, SHEETS, COLOURS),
        plain(("彩色卡纸", "Coloured card"), "pcs", 1, SHEETS, COLOURS),
    ],
};

/// 家用
pub(super) const HOUSEHOLD: Category = Category {
    prefix: "JY",
    items: 250,
    products: &[
        plain(("收纳箱", "Storage box"), "pcs", 6, ROOM, FOUR_COLOURS),
        plain(("垃圾桶", "Waste bin"), "pcs", 6, ROOM, FOUR_COLOURS),
        plain(("水桶", "Bucket"), "pcs", 1, ROOM, FOUR_COLOURS),
        plain(("毛巾", "Towel"), "pcs", 12, TOWELS, COLOURS),
        plain(("洗洁精", "Dish soap"), "pcs", 12, SCENTS, BOTTLES),
        plain(("洗衣液", "Laundry liquid"), "pcs", 6, SCENTS, BOTTLES),
        plain(("洗手液", "Hand soap"), "pcs", 12, SCENTS, BOTTLES),
        plain(("香皂", "Bar soap"), "pcs", 24, SCENTS, SOAPS),
        plain(("牙刷", "Toothbrush"), "pcs", 24, BRISTLES, COLOURS),
        plain(("马克杯", "Mug"), "pcs", 6, MUGS, COLOURS),
        plain(("保温杯", "Vacuum flask"), "pcs", 6, MUGS, COLOURS),
    ],
};

/// 食品
pub(super) const FOOD: Category = Category {
    prefix: "SP",
    items: 330,
    products: &[
        fresh(("大米", "Rice"), "pcs", 1, RICE, SACKS),
        fresh(("饼干", "Biscuits"), "pcs", 24, BISCUITS, SMALL_BAGS),
        fresh(("薯片", "Potato crisps"), "pcs", 24, BISCUITS, SMALL_BAGS),
        fresh(("方便面", "Instant noodles"), "pcs", 12, SOUPS, BOWLS),
        fresh(("茶叶", "Tea"), "pcs", 6, TEAS, TINS),
        fresh(("果汁", "Juice drink"), "pcs", 12, JUICES, DRINKS),
        fresh(("汽水", "Soft drink"), "pcs", 24, JUICES, DRINKS),
        fresh(
            ("散装干果", "Loose dried fruit and nuts"),
            "kg",
            1,
            NUTS,
            ROASTS,
        ),
        fresh(("罐头", "Canned food"), "pcs", 24, CANS, SMALL_BAGS),
        fresh(("调味品", "Seasoning"), "pcs", 12, SAUCES, DRINKS),
        fresh(("食用油", "Cooking oil"), "pcs", 6, OILS, BOTTLES),
        fresh(("糖果", "Sweets"), "pcs", 24, JUICES, SMALL_BAGS),
        fresh(("夹心蛋糕", "Filled cake"), "pcs", 12, BISCUITS, SMALL_BAGS),
    ],
};

const COLOURS: Words = "\
    红色=red; 蓝色=blue; 黑色=black; 白色=white; 绿色=green; 黄色=yellow; \
    灰色=grey; 橙色=orange";
const FOUR_COLOURS: Words = "红色=red; 蓝色=blue; 黑色=black; 白色=white";
const SIZES: Words = "S; M; L; XL; XXL";
const SHOES: Words = "\
    36码=size 36; 37码=size 37; 38码=size 38; 39码=size 39; 40码=size 40; \
    41码=size 41; 42码=size 42; 43码=size 43; 44码=size 44; 45码=size 45; \
    46码=size 46";
const SOLES: Words = "钢头防砸=steel toe; 防滑=slip-resistant";
const DECIBELS: Words = "25 dB; 28 dB; 32 dB; 35 dB";
const MASKS: Words = "成人=adult; 儿童=child; 加大=large";
const CARTONS: Words = "\
    1号=no. 1; 2号=no. 2; 3号=no. 3; 4号=no. 4; 5号=no. 5; 6号=no. 6; 7号=no. 7; \
    8号=no. 8; 9号=no. 9; 10号=no. 10; 11号=no. 11; 12号=no. 12";
const LAYERS: Words = "三层=3-ply; 五层=5-ply; 七层=7-ply";
const TAPE_WIDTHS: Words = "24 mm; 36 mm; 48 mm; 60 mm";
const TAPE_KINDS: Words = "透明=clear; 米黄=beige; 警示=hazard; 易碎=fragile";
const BAGS: Words = "6×8 cm; 8×12 cm; 10×15 cm; 15×20 cm; 20×30 cm; 25×35 cm; 30×40 cm; 40×60 cm";
const MICRONS: Words = "40 µm; 60 µm; 80 µm";
const FILM: Words = "30 cm; 50 cm; 60 cm; 100 cm";
const LABELS: Words = "40×30 mm; 50×30 mm; 60×40 mm; 70×50 mm; 80×60 mm; 100×100 mm; 100×150 mm";
const LABEL_KINDS: Words = "热敏=thermal; 铜版=coated paper; 亚银=matt silver";
const TIPS: Words = "0.38 mm; 0.5 mm; 0.7 mm; 1.0 mm";
const SHEETS: Words = "A3; A4; A5; B5";
const GRAMS_PAPER: Words = "70 g; 80 g; 100 g; 120 g";
const PAGES: Words =
    "40页=40 pages; 60页=60 pages; 80页=80 pages; 100页=100 pages; 160页=160 pages";
const NOTES: Words = "38×51 mm; 76×76 mm; 76×101 mm; 76×127 mm";
const ROOM: Words = "1 L; 2 L; 5 L; 10 L; 20 L; 35 L; 60 L";
const TOWELS: Words = "34×34 cm; 34×75 cm; 70×140 cm; 90×180 cm";
const SCENTS: Words = "\
    柠檬=lemon; 薰衣草=lavender; 茉莉=jasmine; 海洋=ocean; 无香=unscented; \
    绿茶=green tea; 玫瑰=rose";
const BOTTLES: Words = "300 mL; 500 mL; 1 L; 2 L; 5 L";
const BRISTLES: Words = "软毛=soft; 中毛=medium; 硬毛=firm";
const MUGS: Words = "250 mL; 350 mL; 450 mL; 600 mL";
const SOAPS: Words = "80 g; 100 g; 125 g";
const RICE: Words = "东北大米=northeastern; 泰国香米=Thai jasmine; 糙米=brown; 糯米=glutinous";
const SACKS: Words = "1 kg; 2.5 kg; 5 kg; 10 kg; 25 kg";
const BISCUITS: Words = "\
    奶油味=cream; 巧克力味=chocolate; 葱油味=scallion; 芝麻味=sesame; \
    草莓味=strawberry; 抹茶味=matcha; 海苔味=seaweed; 原味=plain";
const SMALL_BAGS: Words = "80 g; 120 g; 200 g; 400 g";
const SOUPS: Words = "\
    红烧牛肉味=braised beef; 香菇炖鸡味=mushroom chicken; \
    老坛酸菜味=pickled cabbage; 海鲜味=seafood; 番茄味=tomato; \
    麻辣味=hot and spicy";
const BOWLS: Words = "桶装=bowl; 袋装=bag; 五连包=five-pack";
const TEAS: Words = "\
    龙井=Longjing; 铁观音=Tieguanyin; 普洱=Pu'er; 茉莉花茶=jasmine; \
    碧螺春=Biluochun; 正山小种=Lapsang; 白毫银针=Silver Needle";
const TINS: Words = "50 g; 100 g; 250 g; 500 g";
const JUICES: Words = "\
    橙味=orange; 苹果味=apple; 葡萄味=grape; 芒果味=mango; 桃味=peach; \
    椰子味=coconut";
const DRINKS: Words = "250 mL; 330 mL; 500 mL; 1 L; 1.5 L";
const NUTS: Words = "\
    花生=peanuts; 核桃=walnuts; 腰果=cashews; 杏仁=almonds; 开心果=pistachios; \
    瓜子=sunflower seeds; 红枣=jujubes; 枸杞=goji berries";
const ROASTS: Words = "生=raw; 熟=roasted; 盐焗=salted";
const CANS: Words = "\
    金枪鱼=tuna; 午餐肉=luncheon meat; 黄桃=peaches; 玉米=sweet corn; \
    番茄=tomatoes; 鲮鱼=dace";
const SAUCES: Words = "\
    酱油=soy sauce; 香醋=vinegar; 蚝油=oyster sauce; 辣椒酱=chilli sauce; \
    芝麻油=sesame oil; 料酒=cooking wine";
const OILS: Words = "菜籽油=rapeseed; 花生油=peanut; 大豆油=soybean; 葵花籽油=sunflower";
